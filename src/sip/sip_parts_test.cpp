// Tables for the small parts: URIs, wire text, INFO keys, identity, digest, outcomes.
#include <gtest/gtest.h>

#include <functional>

#include "kaden/sip_auth.h"
#include "kaden/sip_identity.h"
#include "kaden/sip_message.h"
#include "kaden/sip_outcome.h"

namespace kaden::sip {
namespace {

TEST(SipUri, IsCheckedBeforeItIsDialledOrFollowed) {
  const struct {
    const char* uri;
    bool good;
  } table[] = {
      {"sip:sato@10.0.0.5:5060", true},
      {"sips:sato@trunk.example", true},
      {"SIP:a@b", true},
      {"sip:10.0.0.5", true},
      {"sip:sato@[2001:db8::1]:5060", true},
      {"sip:+81312345678@trunk.example;user=phone", true},
      {"sip:a@b:0", false},
      {"sip:a@b:65536", false},
      {"sip:a@b:", false},
      {"sip:", false},
      {"sip:@", false},
      {"sip:a@", false},
      {"sip:a@b@c", false},
      {"tel:+81312345678", false},
      {"http://x", false},
      {"*", false},
      {"", false},
      {"sip:a b@c", false},
      {"sip:a@b\r\nX: y", false},
      {"sip:<a>@b", false},
      {"sip:a@h\"ost", false},
      {"sip:a@[]", false},
  };
  for (const auto& row : table) EXPECT_EQ(is_sip_uri(row.uri), row.good) << row.uri;
  EXPECT_TRUE(is_sip_uri("sip:" + std::string(500, 'a')));
  EXPECT_FALSE(is_sip_uri("sip:" + std::string(509, 'a')));
}

TEST(SipUri, GivesItsUser) {
  EXPECT_EQ(user_of_uri("sip:sato@10.0.0.5"), "sato");
  EXPECT_EQ(user_of_uri("sips:sato:secret@h"), "sato");
  EXPECT_EQ(user_of_uri("sip:sato;x=1@h"), "sato");
  EXPECT_EQ(user_of_uri("sip:10.0.0.5"), "");
  EXPECT_EQ(user_of_uri("tel:1"), "");
}

Message request() {
  Message m;
  m.method = "INVITE";
  m.uri = "sip:sato@10.0.0.5";
  m.call_id = "call-1";
  m.from = {"Kaden \"night\"", "sip:kaden@10.0.0.1", "t1"};
  m.to = {"", "sip:sato@10.0.0.5", ""};
  m.cseq = 1;
  m.contact = "sip:kaden@10.0.0.1:5060";
  m.routes = {"sip:10.0.0.9;lr"};
  m.headers = {{"Allow", "BYE"}};
  m.content_type = "application/sdp";
  m.body = "v=0\r\n";
  return m;
}

TEST(SipWire, IsExactlyThis) {
  EXPECT_EQ(to_wire(request()).value(),
            "INVITE sip:sato@10.0.0.5 SIP/2.0\r\nMax-Forwards: 70\r\nRoute: <sip:10.0.0.9;lr>\r\n"
            "From: \"Kaden \\\"night\\\"\" <sip:kaden@10.0.0.1>;tag=t1\r\nTo: <sip:sato@10.0.0.5>\r\n"
            "Call-ID: call-1\r\nCSeq: 1 INVITE\r\nContact: <sip:kaden@10.0.0.1:5060>\r\nAllow: BYE\r\n"
            "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
}

TEST(SipWire, RefusesWhatCouldForgeAHeader) {
  const std::string bad = "x\r\nEvil: 1";
  const std::vector<std::function<void(Message&)>> spoil = {
      [&](Message& m) { m.from.display = bad; }, [&](Message& m) { m.call_id = bad; },
      [&](Message& m) { m.uri = "sip:" + bad; }, [&](Message& m) { m.contact = "tel:1"; },
      [&](Message& m) { m.routes = {"*"}; },     [&](Message& m) { m.headers = {{"X", bad}}; },
      [&](Message& m) { m.to.tag = bad; },       [&](Message& m) { m.content_type = bad; },
      [&](Message& m) { m.cseq = 0; },           [&](Message& m) { m.method.clear(); },
  };
  for (std::size_t i = 0; i < spoil.size(); ++i) {
    Message m = request();
    spoil[i](m);
    EXPECT_FALSE(to_wire(m).has_value()) << i;
  }
}

TEST(SipInfo, GivesOneKey) {
  const struct {
    const char* type;
    const char* body;
    std::optional<char> key;
  } table[] = {
      {"application/dtmf-relay", "Signal=1\r\nDuration=160\r\n", '1'},
      {"application/dtmf-relay", "Signal= #\r\n", '#'},
      {"Application/DTMF-Relay;x=y", "duration=1\nsignal=b\n", 'B'},
      {"application/dtmf", "5", '5'},
      {"application/dtmf", " *\r\n", '*'},
      {"application/dtmf", "12", std::nullopt},
      {"application/dtmf", "", std::nullopt},
      {"application/dtmf-relay", "Signal=12\r\n", std::nullopt},
      {"application/dtmf-relay", "Signal\r\n", std::nullopt},
      {"text/plain", "1", std::nullopt},
  };
  for (const auto& row : table) EXPECT_EQ(key_of_info(row.type, row.body), row.key) << row.type << row.body;
}

TEST(DialIdentity, FollowsFromTheCallIdAlone) {
  const DialIdentity one = make_identity({"k1-7-1"});
  EXPECT_EQ(one, make_identity({"k1-7-1"}));
  EXPECT_EQ(one.call_id, "k1-7-1");
  EXPECT_EQ(one.from_tag.size(), 32u);
  EXPECT_NE(one.from_tag, make_identity({"k1-7-2"}).from_tag);
  EXPECT_EQ(one.branch(1u).substr(0, 7), "z9hG4bK");
  EXPECT_NE(one.branch(1u), one.branch(2u));
  EXPECT_NE(one.branch(2u), one.branch("BYE 2"));
  EXPECT_NE(one.branch(1u), make_identity({"k1-7-2"}).branch(1u));
}

// RFC 7616 section 3.9.1, both algorithms.
TEST(Digest, AnswersAsInRfc7616) {
  const std::string base =
      "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
  const struct {
    const char* algorithm;
    const char* response;
  } table[] = {{"MD5", "8ca523f5e9506fed4657c9700eebdbec"},
               {"SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}};
  for (const auto& row : table) {
    const auto challenge = parse_challenge(base + ", algorithm=" + row.algorithm);
    ASSERT_TRUE(challenge.has_value());
    const std::string answer =
        answer_challenge(*challenge, {"Mufasa", "Circle of Life"}, "GET", "/dir/index.html",
                         "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
    EXPECT_NE(answer.find(std::string("response=\"") + row.response + "\""), std::string::npos) << answer;
    EXPECT_NE(answer.find("opaque=\"FQhe/"), std::string::npos);
    EXPECT_EQ(answer.find("Circle"), std::string::npos);
  }
}

// RFC 2617's example without qop, as old trunks send it: response of RFC 2069's formula.
TEST(Digest, AnswersWithoutQop) {
  const auto challenge = parse_challenge("Digest realm=\"r\", nonce=\"n\"");
  ASSERT_TRUE(challenge.has_value());
  const std::string expected = md5_hex(md5_hex("u:r:p") + ":n:" + md5_hex("BYE:sip:a@b"));
  const std::string answer = answer_challenge(*challenge, {"u", "p"}, "BYE", "sip:a@b", "c");
  EXPECT_NE(answer.find("response=\"" + expected + "\""), std::string::npos);
  EXPECT_EQ(answer.find("cnonce"), std::string::npos);
}

TEST(Digest, PrefersSha256AndRefusesWhatItCannotDo) {
  const std::string md5 = "Digest realm=\"a\", nonce=\"1\", algorithm=MD5";
  const std::string sha = "Digest realm=\"b\", nonce=\"2\", algorithm=SHA-256, qop=\"auth\"";
  const std::string odd = "Digest realm=\"c\", nonce=\"3\", algorithm=SHA-512-256";
  EXPECT_EQ(choose_challenge({md5, sha}).value().realm, "b");
  EXPECT_EQ(choose_challenge({sha, md5}).value().realm, "b");
  EXPECT_EQ(choose_challenge({odd, md5}).value().realm, "a");
  EXPECT_EQ(choose_challenge({md5, odd}).value().realm, "a");
  for (const char* bad :
       {"", "Basic realm=\"x\"", "Digest realm=\"x\"", "Digest nonce=\"x\"", "Digest realm=\"x",
        "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"", "Digest ,,,=", "Digest realm"}) {
    EXPECT_FALSE(choose_challenge({bad}).has_value()) << bad;
  }
  EXPECT_FALSE(choose_challenge({}).has_value());
  EXPECT_FALSE(parse_challenge("Digest realm=\"x\", nonce=\"" + std::string(3'000, 'n') + "\"").has_value());
}

TEST(Outcome, FollowsCodeAndQ850) {
  // NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): rows read in this order
  const struct {
    int status;
    const char* reason;
    LineOutcome outcome;
  } table[] = {
      {486, "", LineOutcome::busy},
      {600, "", LineOutcome::busy},
      {408, "", LineOutcome::no_answer},
      {480, "", LineOutcome::no_answer},
      {487, "", LineOutcome::no_answer},
      {603, "", LineOutcome::declined},
      {607, "", LineOutcome::declined},
      {608, "", LineOutcome::declined},
      {404, "", LineOutcome::bad_number},
      {410, "", LineOutcome::bad_number},
      {484, "", LineOutcome::bad_number},
      {604, "", LineOutcome::bad_number},
      {401, "", LineOutcome::forbidden},
      {403, "", LineOutcome::forbidden},
      {407, "", LineOutcome::forbidden},
      {302, "", LineOutcome::carrier_failed},
      {488, "", LineOutcome::carrier_failed},
      {500, "", LineOutcome::carrier_failed},
      {503, "", LineOutcome::carrier_failed},
      {699, "", LineOutcome::carrier_failed},
      {480, "Q.850;cause=17;text=\"busy\"", LineOutcome::busy},
      {503, "Q.850 ; cause=18", LineOutcome::no_answer},
      {480, "Q.850;cause=21", LineOutcome::declined},
      {403, "Q.850;cause=21", LineOutcome::forbidden},
      {500, "q.850;cause=1", LineOutcome::bad_number},
      {486, "Q.850;cause=34", LineOutcome::carrier_failed},
      {486, "Q.850;cause=16", LineOutcome::busy},
      {486, "Q.850;cause=999", LineOutcome::busy},
      {486, "SIP;cause=480", LineOutcome::busy},
      {486, ";;;", LineOutcome::busy},
  };
  for (const auto& row : table) {
    Message m;
    m.status = row.status;
    m.phrase = "Phrase";
    if (*row.reason != '\0') m.headers = {{"Reason", row.reason}};
    EXPECT_EQ(outcome_of(m, true).outcome, row.outcome) << row.status << ' ' << row.reason;
  }
}

TEST(Outcome, TellsADeadTrunkFromAPhoneThatRang) {
  Message m;
  m.status = 408;
  m.local = true;
  EXPECT_EQ(outcome_of(m, false).outcome, LineOutcome::carrier_failed);
  EXPECT_EQ(outcome_of(m, true).outcome, LineOutcome::no_answer);
  m.status = 503;
  EXPECT_EQ(outcome_of(m, true).outcome, LineOutcome::carrier_failed);
  m.phrase = "\xff\xfe";
  EXPECT_TRUE(is_valid_utf8(outcome_of(m, true).detail));
}

} // namespace
} // namespace kaden::sip
