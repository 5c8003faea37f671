// Where keys are looked for, and how they stay good.
#include "kaden/aws_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kaden/aws_endpoint.h"
#include "kaden/limits/aws.h"
#include "metadata.h"
#include "test_world.h"
#include "words_of_command.h"

namespace kaden::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string sts_answer =
    R"(<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><SessionToken>IQoJ</SessionToken><SecretAccessKey>role-secret</SecretAccessKey>
  <Expiration>2026-08-24T04:04:05Z</Expiration><AccessKeyId>ASIAROLE</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>
  </AssumeRoleWithWebIdentityResponse>)";
const std::string keys_json =
    R"({"Code":"Success","AccessKeyId":"ASIAJSON","SecretAccessKey":"json-secret","Token":"IQoJ","Expiration":"2026-08-24T08:00:00Z"})";

struct ChainTest : testing::Test, TestWorld {
  ChainSettings settings{"", "ap-northeast-1", "", "", true};

  Result<Keys> find() { return Chain(settings, world()).find(); }
  /// "AKID from ...", or the failure.
  std::string found() {
    const auto keys = find();
    return keys ? keys->keys.access_key_id + " from " + keys->from : keys.error().message;
  }
};

TEST_F(ChainTest, the_environment_comes_first) {
  variables["AWS_ACCESS_KEY_ID"] = "AKIDENV";
  EXPECT_THAT(found(), HasSubstr("AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY"))
      << "half a key is a mistake";
  variables["AWS_SECRET_ACCESS_KEY"] = "env-secret";
  variables["AWS_SESSION_TOKEN"] = "token";
  variables["AWS_CREDENTIAL_EXPIRATION"] = "2026-08-24T03:00:00Z";
  files["/home/kaden/.aws/credentials"] =
      "[default]\naws_access_key_id=A\naws_secret_access_key=B\n[prod]\naws_access_key_id=P\naws_secret_"
      "access_key=B\n";
  const auto keys = find();
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->keys.access_key_id, "AKIDENV");
  EXPECT_EQ(keys->keys.session_token, "token");
  EXPECT_EQ(keys->expires, noon + seconds(3'600));
  variables["AWS_PROFILE"] = "prod";
  EXPECT_EQ(find()->keys.access_key_id, "AKIDENV")
      << "a profile of the environment does not put its keys aside";
  settings.profile = "prod";
  EXPECT_EQ(found(), "P from the profile prod (/home/kaden/.aws/credentials)")
      << "one that is configured does";
}

TEST_F(ChainTest, a_profile_has_keys_in_either_file_or_a_program) {
  files["/home/kaden/.aws/config"] =
      "[default]\nregion = eu-west-1\n[profile own]\naws_access_key_id=C\naws_secret_access_key=D\n"
      "[profile helper]\ncredential_process = \"/opt/aws signing/helper\" --profile x\n"
      "[profile sso]\nsso_session = corp\n";
  variables["AWS_PROFILE"] = "own";
  EXPECT_EQ(found(), "C from the profile own (/home/kaden/.aws/config)");
  files["/home/kaden/.aws/credentials"] = "[own]\naws_access_key_id=F\naws_secret_access_key=G\n";
  EXPECT_EQ(found(), "F from the profile own (/home/kaden/.aws/credentials)");
  settings.profile = "helper";
  EXPECT_THAT(found(), HasSubstr("starting /opt/aws signing/helper|--profile|x"));
  programs.emplace("/opt/aws signing/helper|--profile|x",
                   R"({"Version":1,"AccessKeyId":"ASIAHELPER","SecretAccessKey":"s","SessionToken":"t"})");
  EXPECT_EQ(found(), "ASIAHELPER from credential_process of the profile helper");
  EXPECT_FALSE(find()->expires);
  settings.profile = "sso";
  EXPECT_THAT(found(), HasSubstr("sso_session is not supported"));
  settings.profile = "absent";
  EXPECT_THAT(found(), HasSubstr("there is no profile absent in /home/kaden/.aws/config"));
  files["/home/kaden/.aws/config"] = "[default\n";
  EXPECT_THAT(found(), HasSubstr("reading /home/kaden/.aws/config: line 1: a section ends with ']'"));
}

TEST_F(ChainTest, a_role_is_assumed_with_the_keys_of_another_profile) {
  files["/c"] =
      "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/kaden\nsource_profile = base\n"
      "external_id = a+b/c\nrole_session_name = night\n"
      "[profile base]\naws_access_key_id=AKIDBASE\naws_secret_access_key=base-secret\n"
      "[profile circle]\nrole_arn = r\nsource_profile = circle2\n[profile circle2]\nrole_arn = "
      "r\nsource_profile = circle\n"
      "[profile self]\nrole_arn = r\nsource_profile = "
      "self\naws_access_key_id=AKIDSELF\naws_secret_access_key=s\n"
      "[profile two]\nrole_arn = r\nsource_profile = base\ncredential_source = Environment\n"
      "[profile env]\nrole_arn = r\ncredential_source = Environment\n";
  variables["AWS_CONFIG_FILE"] = "/c";
  settings.profile = "p";
  settings.sts_endpoint = "https://vpce-1.sts.ap-northeast-1.vpce.amazonaws.com";
  answers.emplace_back(http::Response{200, {}, sts_answer});
  EXPECT_EQ(found(), "ASIAROLE from the role arn:aws:iam::111122223333:role/kaden of the profile p");
  EXPECT_EQ(asked[0].url, "https://vpce-1.sts.ap-northeast-1.vpce.amazonaws.com/");
  EXPECT_EQ(asked[0].body,
            "Action=AssumeRole&ExternalId=a%2Bb%2Fc&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fkaden&"
            "RoleSessionName=night&Version=2011-06-15");
  EXPECT_THAT(header(0, "Authorization"),
              HasSubstr("Credential=AKIDBASE/20260824/ap-northeast-1/sts/aws4_request"));
  settings.profile = "circle";
  EXPECT_THAT(found(), HasSubstr("goes in a circle"));
  settings.profile = "two";
  EXPECT_THAT(found(), HasSubstr("one of them"));
  settings.profile = "env";
  EXPECT_THAT(found(), HasSubstr("Environment has no keys"));
  settings.profile = "self";
  answers.emplace_back(http::Response{
      403,
      {},
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"});
  EXPECT_EQ(found(), "asking STS for the role r: AccessDenied: not you");
  EXPECT_THAT(header(1, "Authorization"), HasSubstr("Credential=AKIDSELF/"));
}

TEST_F(ChainTest, a_web_identity_is_unsigned_and_its_token_is_read_anew) {
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/var/run/token";
  EXPECT_THAT(found(), HasSubstr("without AWS_ROLE_ARN"));
  variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  EXPECT_THAT(found(), HasSubstr("/var/run/token: No such file")) << "not the next place";
  for (const char* token : {"first.jwt\n", "second.jwt\n"}) {
    files["/var/run/token"] = token;
    answers.emplace_back(http::Response{200, {}, sts_answer});
    EXPECT_EQ(found(), "ASIAROLE from the role arn:aws:iam::1:role/pod of a web identity");
    EXPECT_THAT(asked.back().body, HasSubstr("WebIdentityToken=" + std::string(trim(token))));
    EXPECT_EQ(asked.back().url, "https://sts.ap-northeast-1.amazonaws.com/");
    EXPECT_EQ(header(asked.size() - 1, "Authorization"), "");
  }
  EXPECT_EQ(find().error().fault, Fault::unavailable) << "nobody answers";
}

TEST_F(ChainTest, a_container_gives_keys_with_a_token_of_its_own) {
  variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/uuid";
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/token";
  files["/token"] = "secret-token\n";
  answers.emplace_back(http::Response{500, {}, ""});
  answers.emplace_back(fail(Fault::timeout, "no answer"));
  answers.emplace_back(http::Response{200, {}, keys_json});
  EXPECT_EQ(found(), "ASIAJSON from the container's credentials");
  EXPECT_EQ(asked[2].url, "http://169.254.170.2/v2/credentials/uuid");
  EXPECT_TRUE(asked[2].allow_link_local);
  EXPECT_EQ(header(2, "Authorization"), "secret-token");
  EXPECT_THAT(pauses, ElementsAre(seconds(1), seconds(1)));
  files["/token"] = "one\r\nX-Evil: two";
  EXPECT_THAT(found(), HasSubstr("more than one line"));
  variables.erase("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  for (const char* url :
       {"http://10.0.0.1/x", "http://example.com/x", "ftp://127.0.0.1/", "file:///etc/passwd"}) {
    variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    EXPECT_EQ(find().error().fault == Fault::denied || find().error().fault == Fault::invalid, true) << url;
  }
  const std::size_t before = asked.size();
  variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  answers.emplace_back(http::Response{403, {}, ""});
  EXPECT_EQ(found(), "the container's credentials: HTTP status 403");
  EXPECT_EQ(asked.size(), before + 1);
}

TEST_F(ChainTest, the_instance_metadata_service_is_asked_last_and_never_without_a_token) {
  answers.emplace_back(http::Response{200, {}, "AQAEAL==\n"});
  answers.emplace_back(http::Response{200, {}, "kaden-role\nother"});
  answers.emplace_back(http::Response{200, {}, keys_json});
  EXPECT_EQ(found(), "ASIAJSON from the role kaden-role of this instance");
  EXPECT_EQ(asked[0].method + " " + asked[0].url, "PUT http://169.254.169.254/latest/api/token");
  EXPECT_EQ(header(0, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(asked[2].url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/kaden-role");
  EXPECT_EQ(header(2, "x-aws-ec2-metadata-token"), "AQAEAL==");
  asked.clear();
  answers.emplace_back(http::Response{403, {}, ""});
  EXPECT_THAT(found(), HasSubstr("its token: HTTP status 403"));
  EXPECT_EQ(asked.size(), 1U) << "version 1 is not tried";
  // 200, and it is a failure.
  answers.emplace_back(http::Response{200, {}, "t"});
  answers.emplace_back(http::Response{200, {}, "r"});
  answers.emplace_back(
      http::Response{200, {}, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"})"});
  EXPECT_THAT(found(), HasSubstr("AssumeRoleUnauthorizedAccess: no trust"));
  // A role with a slash would lead elsewhere.
  answers.emplace_back(http::Response{200, {}, "t"});
  answers.emplace_back(http::Response{200, {}, "../../user-data"});
  EXPECT_EQ(find().error().fault, Fault::unavailable);
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  static_cast<void>(find());
  EXPECT_EQ(asked.back().url, "http://[fd00:ec2::254]/latest/api/token");
  variables["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  asked.clear();
  EXPECT_EQ(
      found(),
      "no AWS keys; looked at the environment, the profile default, the environment's web identity, the "
      "container's credentials, the instance metadata service (no instance metadata service: "
      "AWS_EC2_METADATA_DISABLED is true)");
  EXPECT_TRUE(asked.empty());
}

TEST(ParseKeys, wants_all_of_them_and_says_no_secret) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"SecretAccessKey":"hush"})", "AccessKeyId: is missing"},
      {R"({"AccessKeyId":"A","SecretAccessKey":""})", "SecretAccessKey: is missing"},
      {R"({"AccessKeyId":"A","SecretAccessKey":"hush"})", "Expiration: is missing"},
      {R"({"AccessKeyId":"A","SecretAccessKey":"hush","Expiration":"soon"})", "Expiration: "},
  };
  for (const auto& [body, wanted] : table) {
    const auto keys = parse_keys(body, "Token", true);
    ASSERT_FALSE(keys) << body;
    EXPECT_THAT(keys.error().message, HasSubstr(wanted));
    EXPECT_THAT(keys.error().message, Not(HasSubstr("hush")));
  }
}

TEST(Command, words_are_a_shells_without_a_shell) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(words_of_command("a  b\tc"), (Words{"a", "b", "c"}));
  EXPECT_EQ(words_of_command(R"("C:\x y" 'it is' "a\"b\\c" d\ e '' $HOME;`x`)"),
            (Words{R"(C:\x y)", "it is", R"(a"b\c)", "d e", "", "$HOME;`x`"}));
  for (const char* text : {"", "  ", "'open", "\"open", "'' a"}) EXPECT_FALSE(words_of_command(text)) << text;
}

// Credentials
// ------------------------------------------------------------------------------------------------

struct CredentialsTest : testing::Test {
  runtime::ManualClock clock{noon};
  Result<Keys> next = fail(Fault::not_found, "no keys");
  int looks = 0;
  Credentials credentials{[this] {
                            ++looks;
                            return next;
                          },
                          clock, [] { return 0.5; }};

  static Keys keys(const std::string& id, std::optional<WallTime> expires, bool outlives = false) {
    return {{id, "secret", ""}, expires, "a test", outlives};
  }
  std::string id() {
    const auto got = credentials.get();
    return got ? got->keys.access_key_id : got.error().message;
  }
};

TEST_F(CredentialsTest, are_renewed_before_they_end) {
  EXPECT_EQ(id(), "no keys");
  next = keys("first", noon + seconds(3'600));
  EXPECT_EQ(id(), "first");
  clock.advance(seconds(3'600) - limits::aws_refresh_early - seconds(1));
  next = keys("second", noon + seconds(7'200));
  EXPECT_EQ(id(), "first");
  EXPECT_EQ(looks, 2);
  clock.advance(seconds(1));
  next = fail(Fault::unavailable, "STS is out");
  EXPECT_EQ(id(), "first") << "the old ones are good for a quarter of an hour";
  EXPECT_EQ(id(), "first");
  EXPECT_EQ(looks, 3) << "and it is not asked at each request";
  clock.advance(limits::aws_refresh_again);
  next = keys("second", noon + seconds(7'200));
  EXPECT_EQ(id(), "second");
  clock.advance(seconds(7'200));
  next = fail(Fault::unavailable, "STS is out");
  EXPECT_EQ(id(), "STS is out") << "never beyond their end";
}

TEST_F(CredentialsTest, without_an_end_are_read_anew_now_and_then) {
  next = keys("old", {});
  EXPECT_EQ(id(), "old");
  next = keys("rotated", {});
  clock.advance(limits::aws_look_again - Millis(1));
  EXPECT_EQ(id(), "old");
  clock.advance(Millis(1));
  EXPECT_EQ(id(), "rotated");
  clock.advance(limits::aws_look_again);
  next = fail(Fault::invalid, "half a file");
  EXPECT_EQ(id(), "rotated") << "somebody is writing it";
}

TEST_F(CredentialsTest, that_were_refused_are_looked_for_at_once) {
  next = keys("old", {});
  EXPECT_EQ(id(), "old");
  next = keys("new", {});
  credentials.refuse("another");
  EXPECT_EQ(id(), "old");
  credentials.refuse("old");
  EXPECT_EQ(id(), "new");
  credentials.refuse("old");
  EXPECT_EQ(id(), "new") << "somebody was late to tell";
  EXPECT_EQ(looks, 2);
  credentials.refuse("new");
  EXPECT_EQ(id(), "new");
  EXPECT_EQ(id(), "new");
  EXPECT_EQ(looks, 3) << "there are no others: not at each request";
  clock.advance(limits::aws_refused_again);
  next = keys("mended", {});
  EXPECT_EQ(id(), "mended");
}

TEST_F(CredentialsTest, of_a_metadata_service_outlive_its_outage) {
  next = keys("role", noon + seconds(3'600), true);
  EXPECT_EQ(id(), "role");
  clock.advance(seconds(7'200));
  next = fail(Fault::unavailable, "the metadata service is out");
  EXPECT_EQ(id(), "role");
  EXPECT_EQ(id(), "role");
  EXPECT_EQ(looks, 2);
  clock.advance(limits::aws_outage_again + seconds(7 * 60));
  next = keys("stale", noon + seconds(3'700), true);
  EXPECT_EQ(id(), "stale") << "an answer that has ended already is used as well";
  EXPECT_EQ(id(), "stale");
  EXPECT_EQ(looks, 3);
}

TEST(CredentialsThreads, many_ask_and_one_looks) {
  runtime::SystemClock clock;
  std::atomic<int> looks = 0;
  Credentials credentials(
      [&]() -> Result<Keys> {
        ++looks;
        std::this_thread::sleep_for(Millis(50));
        return Keys{{"A", "s", ""}, clock.wall() + seconds(3'600), "a test"};
      },
      clock, [] { return 0.5; });
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) good += credentials.get().has_value() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
  EXPECT_EQ(looks, 1);
}

// Endpoints
// --------------------------------------------------------------------------------------------------

TEST(Endpoint, the_nearest_word_counts) {
  TestWorld world;
  Profiles profiles;
  ASSERT_TRUE(
      parse_profiles("[profile p]\nservices = s\nendpoint_url = https://all.profile/\n"
                     "[services s]\nbedrock_runtime =\n  endpoint_url = https://bedrock.profile\n",
                     ProfileFile::config, profiles));
  EndpointSettings settings{"ap-northeast-1", {}, false, false};
  const auto of = [&](const Service& service, const std::string& profile = "default") {
    const auto url = endpoint_of(service, settings, world.world().variable, profiles, profile);
    return url ? *url : url.error().message;
  };
  EXPECT_EQ(of(bedrock_runtime), "https://bedrock-runtime.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(of(cloudwatch), "https://monitoring.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(of(bedrock_runtime, "p"), "https://bedrock.profile");
  EXPECT_EQ(of(sqs, "p"), "https://all.profile");
  world.variables["AWS_ENDPOINT_URL"] = "https://all.environment";
  world.variables["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] = "http://127.0.0.1:4566/base/";
  EXPECT_EQ(of(bedrock_runtime, "p"), "http://127.0.0.1:4566/base");
  EXPECT_EQ(of(sqs, "p"), "https://all.environment");
  settings.overrides["sqs"] = "https://vpce-1.sqs.ap-northeast-1.vpce.amazonaws.com";
  EXPECT_EQ(of(sqs, "p"), "https://vpce-1.sqs.ap-northeast-1.vpce.amazonaws.com");
  world.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(of(bedrock_runtime, "p"), "https://bedrock-runtime.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(of(sqs, "p"), "https://vpce-1.sqs.ap-northeast-1.vpce.amazonaws.com") << "that is our own";
  settings.overrides.clear();
  settings.fips = settings.dual_stack = true;
  EXPECT_EQ(of(sqs), "https://sqs-fips.ap-northeast-1.api.aws");
  settings.region = "cn-north-1";
  settings.fips = settings.dual_stack = false;
  EXPECT_EQ(of(sqs), "https://sqs.cn-north-1.amazonaws.com.cn");
  settings.region = "";
  EXPECT_EQ(of(sqs), "no AWS region is set");
  settings.region = "evil.example/";
  EXPECT_THAT(of(sqs), HasSubstr("is no AWS region"));
  for (const char* url : {"vpce.example", "https://a?b", "https://a b", "https://a:"}) {
    settings.overrides["sqs"] = url;
    EXPECT_THAT(of(sqs), HasSubstr("the endpoint of sqs: ")) << url;
  }
}

} // namespace
} // namespace kaden::aws
