#include "kaden/aws_profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kaden::aws {
namespace {

using testing::HasSubstr;

std::string value(const Profiles& profiles, const std::string& profile, const std::string& key) {
  const std::string* found = profiles.find(profile, key);
  return found == nullptr ? "(none)" : *found;
}

TEST(Profiles, the_config_file_names_its_sections_and_the_credentials_file_wins) {
  Profiles profiles;
  ASSERT_TRUE(
      parse_profiles("\xEF\xBB\xBF# who we are\r\n"
                     "[default]\r\n"
                     "region=ap-northeast-1\r\n"
                     "[profile prod]\r\n"
                     "Role_Arn = arn:aws:iam::111122223333:role/kaden\r\n"
                     "aws_access_key_id = CONFIG\r\n"
                     "[ profile  two words ] ; odd\r\n"
                     "region = eu-west-1\r\n"
                     "[sso-session x]\r\n"
                     "sso_region = us-east-1\r\n"
                     "[prod]\r\n"
                     "region = is passed over\r\n",
                     ProfileFile::config, profiles));
  ASSERT_TRUE(parse_profiles("[prod]\naws_access_key_id = FILE\naws_secret_access_key=a/b+c=#;d\n",
                             ProfileFile::credentials, profiles));
  EXPECT_EQ(value(profiles, "default", "region"), "ap-northeast-1");
  EXPECT_EQ(value(profiles, "prod", "role_arn"), "arn:aws:iam::111122223333:role/kaden");
  EXPECT_EQ(value(profiles, "prod", "aws_access_key_id"), "FILE");
  EXPECT_EQ(value(profiles, "prod", "aws_secret_access_key"), "a/b+c=#;d")
      << "a secret is taken as it stands";
  EXPECT_EQ(value(profiles, "prod", "region"), "(none)");
  EXPECT_EQ(value(profiles, "two words", "region"), "eu-west-1");
  EXPECT_EQ(profiles.profiles.size(), 3U);
}

TEST(Profiles, indented_lines_are_members_or_more_of_a_value) {
  Profiles profiles;
  ASSERT_TRUE(parse_profiles(
      "[profile p]\nservices = local\ns3 =\n  max_bandwidth = 1\n"
      "credential_process = /bin/x \\\n    --more\nregion =\n"
      "[services local]\ncloudwatch =\n\n  # the endpoint\n  endpoint_url = https://vpce.example\nsqs =\n"
      "\tENDPOINT_URL=http://127.0.0.1:9324\n",
      ProfileFile::config, profiles));
  EXPECT_EQ(value(profiles, "p", "s3.max_bandwidth"), "1");
  EXPECT_EQ(value(profiles, "p", "credential_process"), "/bin/x \\\n--more");
  EXPECT_EQ(value(profiles, "p", "region"), "(none)") << "an empty value is none";
  const auto& local = profiles.services.at("local");
  EXPECT_EQ(local.at("cloudwatch.endpoint_url"), "https://vpce.example");
  EXPECT_EQ(local.at("sqs.endpoint_url"), "http://127.0.0.1:9324");
}

TEST(Profiles, mistakes_name_their_line) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[a", "line 1: a section ends with ']'"},
      {"[a] b", "line 1: only a comment"},
      {"\nregion = x", "line 2: a value stands before the first section"},
      {"[a]\nregion", "line 2: expected key = value"},
      {"[a]\n= x", "line 2: expected key = value"},
      {"[a]\n  region = x", "line 2: an indented line follows no value"},
      {"[a]\nb =\n  c", "line 3: expected key = value"},
      {"[a]\nb = \xff", "not UTF-8"},
  };
  for (const auto& [text, wanted] : table) {
    Profiles profiles;
    const auto read = parse_profiles(text, ProfileFile::credentials, profiles);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr(wanted));
  }
}

} // namespace
} // namespace kaden::aws
