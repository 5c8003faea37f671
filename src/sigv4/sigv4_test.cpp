#include "kaden/sigv4.h"
#include "kaden/limits/metrics.h"
#include "source_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace kaden::sigv4 {
namespace {

const std::string testdata = source_folder() + "/src/sigv4/testdata";

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Parsed {
  std::string method, target;
  Headers headers;
  std::string body;
};

/// The suite's .req files: LF only; a folded line goes on with the header before; no empty line, no body.
Parsed parse_req(const std::string& raw) {
  Parsed out;
  const std::size_t end = raw.find("\n\n");
  if (end != std::string::npos) out.body = raw.substr(end + 2);
  bool first = true;
  for (const std::string_view line : split(std::string_view(raw).substr(0, end), '\n')) {
    if (first) {
      const std::size_t method_end = line.find(' ');
      out.method = line.substr(0, method_end);
      out.target = line.substr(method_end + 1, line.rfind(' ') - method_end - 1);
      first = false;
    } else if (line.starts_with(' ') || line.starts_with('\t')) {
      out.headers.back().second += "\n" + std::string(line);
    } else if (!line.empty()) {
      const std::size_t colon = line.find(':');
      out.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  return out;
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t from = text.find(before) + before.size();
  return text.substr(from, text.find(after, from) - from);
}

TEST(Vectors, OfTheOfficialSuite) {
  const Scope scope{"20150830", "us-east-1", "service"};
  int cases = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(testdata + "/aws4_testsuite")) {
    if (entry.path().extension() != ".req") continue;
    ++cases;
    SCOPED_TRACE(entry.path().stem().string());
    const std::string base = entry.path().string().substr(0, entry.path().string().size() - 4);
    Parsed parsed = parse_req(read_file(base + ".req"));
    if (entry.path().stem() == "get-vanilla-with-session-token") { // the signer adds the token here
      parsed.headers.emplace_back("X-Amz-Security-Token",
                                  "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267");
    }
    const std::string authorization = read_file(base + ".authz");
    const std::string signed_headers = between(authorization, "SignedHeaders=", ",");
    const std::string canonical =
        canonical_request({parsed.method, parsed.target, parsed.headers, parsed.body}, signed_headers);
    EXPECT_EQ(canonical, read_file(base + ".creq"));
    const std::string to_sign = string_to_sign("20150830T123600Z", scope, canonical);
    EXPECT_EQ(to_sign, read_file(base + ".sts"));
    EXPECT_EQ(signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope, to_sign),
              authorization.substr(authorization.find("Signature=") + 10, 64));
  }
  EXPECT_EQ(cases, 34);
}

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = (bits << 6U | static_cast<unsigned>(alphabet.find(c))) & 0xffffffU;
    held += 6;
    if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 255U);
  }
  return out;
}

TEST(Vectors, OfRealClients) {
  const auto file = parse_json(read_file(testdata + "/cases.json")).value();
  const auto text = [](const json::value& value, std::string_view name) {
    return std::string(value.at(name).as_string().c_str());
  };
  const WallTime now = parse_iso8601("2026-08-24T03:04:05Z").value();
  int cases = 0;
  for (const auto& one : file.at("cases").as_array()) {
    ++cases;
    SCOPED_TRACE(text(one, "name"));
    const std::string body =
        text(one, "body_encoding") == "base64" ? decode_base64(text(one, "body")) : text(one, "body");
    const std::string url = text(one, "url");
    const std::string target = url.substr(url.find('/', 8));
    const std::string service = text(one, "service");
    Headers headers;
    Credentials credentials{text(file, "access_key"), text(file, "secret_key"), ""};
    for (const auto& [name, value] : one.at("headers").as_object()) {
      headers.emplace_back(name, value.as_string().c_str());
      if (equal_no_case(name, "x-amz-security-token")) credentials.session_token = value.as_string().c_str();
    }
    sign(text(one, "method"), target, headers, body, credentials, text(one, "region"), service, now);
    EXPECT_EQ(headers.back().second, text(one, "authorization"));

    const KeyOf key_of = [&](std::string_view) { return std::optional(credentials); };
    const auto checked =
        verify({text(one, "method"), target, headers, body}, key_of, {{service}, now, Millis(0)});
    EXPECT_TRUE(checked) << checked.error().message;
  }
  EXPECT_EQ(cases, 9);
}

class Verify : public testing::Test {
 protected:
  Verify() { sign_again(); }
  void sign_again(const std::string& token = "") {
    sign("POST", target, headers, body, {"AKIDKADEN", "secret", token}, "ap-northeast-1", service, now);
  }
  std::string presigned(Millis valid_for, const std::string& token = "") {
    headers = {{"Host", "kaden.example:8080"}};
    return presign("POST", target, "kaden.example:8080", body, {"AKIDKADEN", "secret", token},
                   "ap-northeast-1", service, valid_for, now);
  }
  std::string code(Millis later = Millis(0)) {
    const KeyOf key_of = [&](std::string_view id) {
      return id == "AKIDKADEN" ? std::optional(Credentials{"", "secret", known_token}) : std::nullopt;
    };
    const auto checked = verify({"POST", target, headers, body}, key_of,
                                {{"monitoring", "logs"}, now + later, limits::request_skew_max});
    if (!checked) {
      EXPECT_EQ(checked.error().message.find("secret"), std::string::npos);
      EXPECT_EQ(checked.error().http_status,
                checked.error().code == "IncompleteSignature" || checked.error().code == "RequestExpired"
                    ? 400
                    : 403);
      return std::string(checked.error().code);
    }
    EXPECT_EQ(claimed_key({"POST", target, headers, body}), checked->access_key_id);
    return checked->access_key_id;
  }
  void change(std::string_view part, const std::string& by) {
    std::string& header = headers.back().second;
    header.replace(header.find(part), part.size(), by);
  }

  const WallTime now = parse_iso8601("2026-11-23T06:43:00Z").value();
  std::string target = "/";
  std::string service = "monitoring";
  std::string known_token;
  std::string body = "Action=DescribeAlarms";
  Headers headers{{"Host", "kaden.example:8080"}, {"Content-Type", "application/x-www-form-urlencoded"}};
};

TEST_F(Verify, TakesASignedRequest) {
  EXPECT_EQ(code(), "AKIDKADEN");
  headers.emplace_back("User-Agent", "a proxy may change me");
  EXPECT_EQ(code(), "AKIDKADEN");
}

TEST_F(Verify, RefusesWhatWasChanged) {
  body += " ";
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
  body.pop_back();
  target = "/x";
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
  target = "/?a";
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
  target = "/";
  headers[0].second = "other.example";
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
}

TEST_F(Verify, WantsHostAndAmzHeadersSigned) {
  headers.emplace(headers.begin(), "X-Amz-Target", "Else");
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
  headers = {{"Content-Type", "text/plain"}};
  sign_again();
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
}

TEST_F(Verify, KnowsTheCodesOfAws) {
  const auto good = headers;
  struct {
    const char* part;
    const char* by;
    const char* code;
  } const cases[] = {
      {"AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "IncompleteSignature"},
      {"AKIDKADEN", "AKIDOTHER", "InvalidClientTokenId"},
      {"AKIDKADEN", "", "IncompleteSignature"},
      {"Credential=", "Credentials=", "IncompleteSignature"},
      {"Signature=", "Signature", "IncompleteSignature"},
      {"SignedHeaders=content-type;host;x-amz-date, ", "", "IncompleteSignature"},
      {"aws4_request", "aws5_request", "IncompleteSignature"},
      {"/ap-northeast-1/", "/", "IncompleteSignature"},
      {"/ap-northeast-1/", "/us-east-1/", "SignatureDoesNotMatch"},
      {"20261123", "20261124", "SignatureDoesNotMatch"},
      {"20261123", "2026112x", "IncompleteSignature"},
      {"/monitoring/", "/logs/", "SignatureDoesNotMatch"},
      {"host;", "", "SignatureDoesNotMatch"},
      {"content-type;host", "host;content-type", "SignatureDoesNotMatch"},
      {"Signature=", "Signature=0", "SignatureDoesNotMatch"},
      {"Signature=", "Signature=a, Signature=", "IncompleteSignature"},
  };
  for (const auto& c : cases) {
    headers = good;
    change(c.part, c.by);
    EXPECT_EQ(code(), c.code) << c.part << " -> " << c.by;
  }
  headers = good;
  headers.push_back(good.back());
  EXPECT_EQ(code(), "IncompleteSignature");
  headers = good;
  headers.pop_back();
  EXPECT_EQ(code(), "MissingAuthenticationToken");
  headers = good;
  for (auto& header : headers) {
    if (header.first == "X-Amz-Date") header.second = "20261123T064300";
  }
  EXPECT_EQ(code(), "IncompleteSignature");
}

TEST_F(Verify, AllowsTheSkewAndNoMore) {
  EXPECT_EQ(code(limits::request_skew_max), "AKIDKADEN");
  EXPECT_EQ(code(limits::request_skew_max + Millis(1)), "RequestExpired");
  EXPECT_EQ(code(-limits::request_skew_max), "AKIDKADEN");
  EXPECT_EQ(code(-limits::request_skew_max - Millis(1)), "RequestExpired");
}

TEST_F(Verify, SignsAgainInPlaceOfTheOldSignature) {
  const auto before = headers;
  sign_again();
  EXPECT_EQ(headers, before);
}

TEST_F(Verify, RefusesAnotherServicesSignature) {
  service = "sns";
  sign_again();
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
}

TEST_F(Verify, TakesEachServiceThatIsServed) {
  service = "logs";
  sign_again();
  EXPECT_EQ(code(), "AKIDKADEN");
}

TEST_F(Verify, WantsTheSessionTokenOfTheKeyAndNoOther) {
  sign_again("token");
  EXPECT_EQ(code(), "InvalidClientTokenId"); // the key has none
  known_token = "token";
  EXPECT_EQ(code(), "AKIDKADEN");
  sign_again("tokem");
  EXPECT_EQ(code(), "InvalidClientTokenId");
  sign_again();
  EXPECT_EQ(code(), "InvalidClientTokenId");
  sign_again("token");
  const auto good = headers;
  for (auto& header : headers) {
    if (header.first == "Authorization") {
      const std::string part = ";x-amz-security-token";
      header.second.erase(header.second.find(part), part.size()); // added, but not signed
    }
  }
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
  const std::string plain = target;
  target = presigned(seconds(60), "token");
  EXPECT_EQ(code(), "AKIDKADEN");
  target = plain;
  target = presigned(seconds(60), "other");
  EXPECT_EQ(code(), "InvalidClientTokenId");
}

TEST_F(Verify, TakesAPresignedUrlWhileItIsValid) {
  target = presigned(seconds(900));
  EXPECT_EQ(code(), "AKIDKADEN");
  EXPECT_EQ(code(seconds(900)), "AKIDKADEN"); // longer than the skew: the URL says how long
  EXPECT_EQ(code(seconds(900) + Millis(1)), "RequestExpired");
  EXPECT_EQ(code(-limits::request_skew_max), "AKIDKADEN");
  EXPECT_EQ(code(-limits::request_skew_max - Millis(1)), "RequestExpired");
  headers.emplace_back("Content-Type", "text/plain"); // not signed, does not matter
  EXPECT_EQ(code(), "AKIDKADEN");
  headers.emplace_back("X-Amz-Target", "Else"); // not signed, matters
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
}

TEST_F(Verify, RefusesAPresignedUrlThatWasChanged) {
  const std::string good = presigned(seconds(900));
  const std::pair<const char*, const char*> changes[] = {{"X-Amz-Expires=900", "X-Amz-Expires=901"},
                                                         {"%2Fap-northeast-1%2F", "%2Fus-east-1%2F"},
                                                         {"X-Amz-Date=20261123T06", "X-Amz-Date=20261123T07"},
                                                         {"X-Amz-Signature=", "X-Amz-Signature=0"},
                                                         {"/?", "/?Action=DeleteAlarms&"}};
  for (const auto& [from, to] : changes) {
    target = good;
    target.replace(target.find(from), std::string(from).size(), to);
    EXPECT_EQ(code(), "SignatureDoesNotMatch") << from;
  }
  const std::pair<const char*, const char*> holes[] = {
      {"X-Amz-Expires=900", "X-Amz-Expires=604801"},
      {"X-Amz-Expires=900", "X-Amz-Expires=0"},
      {"X-Amz-Expires=900", "X-Amz-Expires=-1"},
      {"X-Amz-Expires=900&", ""},
      {"X-Amz-Algorithm=AWS4", "X-Amz-Algorithm=AWS5"},
      {"X-Amz-SignedHeaders=host&", ""},
      {"X-Amz-SignedHeaders=host&", "X-Amz-SignedHeaders=host&X-Amz-SignedHeaders=host&"},
      {"aws4_request", "aws4_reques"},
      {"X-Amz-Date=20261123T064300Z", "X-Amz-Date=%"}};
  for (const auto& [from, to] : holes) {
    target = good;
    target.replace(target.find(from), std::string(from).size(), to);
    EXPECT_EQ(code(), "IncompleteSignature") << from << " -> " << to;
  }
  target = good;
  body += " ";
  EXPECT_EQ(code(), "SignatureDoesNotMatch");
  body.pop_back();
  headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=x");
  EXPECT_EQ(code(), "IncompleteSignature"); // both ways at once
}

TEST(AmzDate, IsBasicIso8601) {
  EXPECT_EQ(amz_date(wall_time(1'440'938'160'123)), "20150830T123600Z");
}

} // namespace
} // namespace kaden::sigv4
