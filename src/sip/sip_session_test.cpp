// The call's rules, edge by edge: {events} -> what was done. The far end is a table.
#include "kaden/sip_session.h"
#include "kaden/limits/calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace kaden::sip {
namespace {

using Phase = Session::Phase;

SteadyTime at(std::int64_t ms) {
  return SteadyTime(Millis(ms));
}

SessionOrder order() {
  SessionOrder o;
  o.call = {"k1-9-1"};
  o.target = "sip:sato@10.0.0.5";
  o.from = {"Kaden", "sip:kaden@10.0.0.1", ""};
  o.contact = "sip:kaden@10.0.0.1:5060";
  o.credentials = {"kaden", "secret"};
  o.media = {"10.0.0.1", 40000, 1, 1};
  o.ring_max = seconds(30);
  return o;
}

/// One session and a clock; every call returns the actions in short words, "INVITE 1, ring".
class Line {
 public:
  explicit Line(SessionOrder with = order()) : s(std::move(with)) {}

  std::string feed(const Event& event) {
    std::string out;
    for (Action& action : step(s, event, now)) {
      if (!out.empty()) out += ", ";
      out += word(action);
      actions.push_back(std::move(action));
    }
    return out;
  }
  Message reply(int status, const std::string& method = "INVITE") const {
    Message m;
    m.method = method;
    m.status = status;
    m.phrase = "Phrase";
    m.call_id = s.identity.call_id;
    m.from = s.order.from;
    m.from.tag = s.identity.from_tag;
    m.to = {"", s.order.target, "far"};
    m.cseq = method == "INVITE" ? s.invite_cseq : s.last_cseq;
    if (status >= 200 && status < 300 && method == "INVITE") {
      m.contact = "sip:sato@10.0.0.5:5070";
      m.body = make_offer({"10.0.0.5", 5000, 1, 1});
    }
    return m;
  }
  std::string gets(int status, const std::string& method = "INVITE") {
    return feed(GotResponse{reply(status, method)});
  }
  Message request(const std::string& method, std::uint32_t cseq = 1) const {
    Message m;
    m.method = method;
    m.call_id = s.identity.call_id;
    m.from = {"", s.order.target, "far"};
    m.to = s.order.from;
    m.to.tag = s.identity.from_tag;
    m.cseq = cseq;
    return m;
  }
  std::string asks(const std::string& method, std::uint32_t cseq = 1) {
    return feed(GotRequest{5, request(method, cseq)});
  }
  std::string ticks() {
    if (s.due) now = *s.due;
    return feed(Tick{});
  }
  void dial() { EXPECT_EQ(feed(Start{}), "INVITE 1"); }
  void talk() {
    dial();
    gets(200);
    EXPECT_EQ(feed(Proceed{}), "ACK 1");
  }
  template <class T>
  const T& last() const {
    return std::get<T>(actions.back());
  }

  Session s;
  SteadyTime now = at(1'000);
  std::vector<Action> actions;

 private:
  static std::string word(const Action& action) {
    if (const auto* a = std::get_if<SendRequest>(&action))
      return a->message.method + " " + std::to_string(a->message.cseq);
    if (const auto* a = std::get_if<SendAck>(&action)) return "ACK " + std::to_string(a->message.cseq);
    if (const auto* a = std::get_if<Reply>(&action)) return "reply " + std::to_string(a->status);
    if (std::holds_alternative<Rang>(action)) return "rang";
    if (std::holds_alternative<Picked>(action)) return "picked";
    if (std::holds_alternative<Moved>(action)) return "moved";
    if (const auto* a = std::get_if<PressedKey>(&action)) return std::string("key ") + a->key;
    return "over " + std::string(to_text(std::get<Over>(action).ending.outcome));
  }
};

TEST(Session, AnswersSpeaksAndHangsUp) {
  Line line;
  line.dial();
  EXPECT_EQ(line.gets(100), "");
  EXPECT_EQ(line.gets(180), "rang");
  EXPECT_EQ(line.gets(183), "");
  EXPECT_EQ(line.gets(200), "picked");
  EXPECT_EQ(line.last<Picked>().dialog, (Dialog{"far", "sip:sato@10.0.0.5:5070", {}, 1}));
  EXPECT_EQ(line.last<Picked>().media.port, 5000);
  EXPECT_EQ(line.gets(200), "") << "a 200 that is sent again before the answer is on record waits";
  EXPECT_EQ(line.feed(Proceed{}), "ACK 1");
  EXPECT_EQ(line.last<SendAck>().message.uri, "sip:sato@10.0.0.5:5070");
  EXPECT_EQ(line.gets(200), "ACK 1") << "our ACK was lost";
  EXPECT_EQ(line.feed(Proceed{}), "");
  EXPECT_EQ(line.feed(HangUp{}), "BYE 2");
  EXPECT_EQ(line.feed(HangUp{}), "");
  EXPECT_EQ(line.gets(200, "BYE"), "over hung_up");
  EXPECT_EQ(line.s.phase, Phase::done);
  EXPECT_EQ(line.gets(200, "BYE"), "");
  EXPECT_EQ(line.feed(HangUp{}), "");
}

TEST(Session, InviteCarriesTheDerivedIdentity) {
  Line line;
  line.dial();
  const Message m = line.last<SendRequest>().message;
  const DialIdentity id = make_identity(order().call);
  EXPECT_EQ(m.call_id, id.call_id);
  EXPECT_EQ(m.from.tag, id.from_tag);
  EXPECT_EQ(m.branch, id.branch(1u));
  EXPECT_EQ(m.to.tag, "");
  EXPECT_TRUE(to_wire(m).has_value());
  EXPECT_EQ(make_cancel(order(), 1).branch, m.branch);
  EXPECT_EQ(make_cancel(order(), 1).to, m.to);
}

TEST(Session, RefusalsEndIt) {
  for (const auto& [status, outcome] :
       {std::pair(486, "busy"), std::pair(603, "declined"), std::pair(404, "bad_number"),
        std::pair(302, "carrier_failed"), std::pair(503, "carrier_failed"), std::pair(480, "no_answer"),
        std::pair(403, "forbidden")}) {
    Line line;
    line.dial();
    line.gets(180);
    EXPECT_EQ(line.gets(status), std::string("over ") + outcome);
    EXPECT_EQ(line.s.phase, Phase::done);
    EXPECT_EQ(line.gets(status), "");
    EXPECT_EQ(line.ticks(), "");
  }
}

TEST(Session, CancelWaitsForTheFirstProvisional) {
  Line line;
  line.dial();
  EXPECT_EQ(line.feed(HangUp{}), "") << "no CANCEL before a 1xx";
  EXPECT_EQ(line.gets(100), "CANCEL 1");
  EXPECT_EQ(line.gets(180), "") << "once";
  EXPECT_EQ(line.gets(200, "CANCEL"), "");
  EXPECT_EQ(line.gets(487), "over cancelled");
  EXPECT_EQ(line.s.phase, Phase::done);
}

TEST(Session, CancelWithoutAnyReplyIsToldOnceAndStillEndsWhatComesLate) {
  Line line;
  line.dial();
  EXPECT_EQ(line.feed(HangUp{}), "");
  EXPECT_EQ(line.ticks(), "over cancelled");
  EXPECT_EQ(line.gets(180), "CANCEL 1");
  EXPECT_EQ(line.gets(200), "ACK 1, BYE 2");
  EXPECT_EQ(line.gets(200, "BYE"), "");
  EXPECT_EQ(line.s.phase, Phase::done);
}

TEST(Session, AnswerThatCrossesTheCancelIsAcknowledgedAndEnded) {
  Line line;
  line.dial();
  line.gets(180);
  EXPECT_EQ(line.feed(HangUp{}), "CANCEL 1");
  EXPECT_EQ(line.gets(200), "ACK 1, BYE 2");
  EXPECT_EQ(line.gets(200), "ACK 1");
  EXPECT_EQ(line.gets(200, "BYE"), "over cancelled");
}

TEST(Session, RingLimitIsNoAnswer) {
  Line line;
  line.dial();
  line.gets(180);
  line.now = at(30'999);
  EXPECT_EQ(line.feed(Tick{}), "") << "30 s from the dial";
  EXPECT_EQ(line.ticks(), "CANCEL 1");
  EXPECT_EQ(line.now, at(31'000));
  EXPECT_EQ(line.gets(487), "over no_answer");
}

TEST(Session, SilentCancelEndsAnyhow) {
  Line line;
  line.dial();
  line.gets(180);
  line.feed(HangUp{});
  EXPECT_EQ(line.ticks(), "over cancelled");
  EXPECT_EQ(line.gets(200), "ACK 1, BYE 2") << "late, but ended at the far end";
  EXPECT_EQ(line.gets(481, "BYE"), "");
  EXPECT_EQ(line.s.phase, Phase::done);
}

TEST(Session, NoReplyAtAllIsTheTrunk) {
  Line line;
  line.dial();
  line.now = at(1'000) + limits::first_reply_max - Millis(1);
  EXPECT_EQ(line.feed(Tick{}), "");
  EXPECT_EQ(line.ticks(), "over carrier_failed");
  EXPECT_EQ(line.gets(180), "CANCEL 1") << "it was alive after all: end it there";
  EXPECT_EQ(line.gets(487), "");
  EXPECT_EQ(line.s.phase, Phase::done);
}

TEST(Session, DigestOnceThenForbidden) {
  for (const int status : {401, 407}) {
    Line line;
    line.dial();
    Message challenge = line.reply(status);
    challenge.headers = {{status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate",
                          "Digest realm=\"trunk\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\""}};
    EXPECT_EQ(line.feed(GotResponse{challenge}), "INVITE 2");
    const Message again = line.last<SendRequest>().message;
    EXPECT_EQ(again.branch, line.s.identity.branch(2u));
    EXPECT_EQ(values_of(again, status == 407 ? "Proxy-Authorization" : "Authorization").size(), 1u);
    EXPECT_EQ(line.feed(GotResponse{challenge}), "") << "a repeat of the first challenge is old";
    challenge.cseq = 2;
    EXPECT_EQ(line.feed(GotResponse{challenge}), "over forbidden");
  }
}

TEST(Session, AckCarriesTheCredentialsAndByeIsAnsweredToo) {
  Line line;
  line.dial();
  Message challenge = line.reply(401);
  challenge.headers = {{"WWW-Authenticate", "Digest realm=\"trunk\", nonce=\"n1\""}};
  line.feed(GotResponse{challenge});
  line.gets(200);
  line.feed(Proceed{});
  EXPECT_EQ(values_of(line.last<SendAck>().message, "Authorization").size(), 1u);
  EXPECT_EQ(line.feed(HangUp{}), "BYE 3");
  challenge.method = "BYE";
  challenge.cseq = 3;
  EXPECT_EQ(line.feed(GotResponse{challenge}), "BYE 4");
  challenge.cseq = 4;
  EXPECT_EQ(line.feed(GotResponse{challenge}), "over hung_up") << "once";
}

TEST(Session, NoCredentialsOrOddChallengeIsForbidden) {
  SessionOrder poor = order();
  poor.credentials = {};
  Line without(poor);
  without.dial();
  Message challenge = without.reply(401);
  challenge.headers = {{"WWW-Authenticate", "Digest realm=\"trunk\", nonce=\"n1\""}};
  EXPECT_EQ(without.feed(GotResponse{challenge}), "over forbidden");
  Line odd;
  odd.dial();
  challenge.headers = {{"WWW-Authenticate", "Basic realm=\"trunk\""}};
  EXPECT_EQ(odd.feed(GotResponse{challenge}), "over forbidden");
}

TEST(Session, SecondForkIsAcknowledgedAndEnded) {
  Line line;
  line.dial();
  line.gets(200);
  Message fork = line.reply(200);
  fork.to.tag = "other";
  fork.contact = "sip:sato@10.0.0.6:5070";
  EXPECT_EQ(line.feed(GotResponse{fork}), "ACK 1, BYE 2");
  const Message bye = line.last<SendRequest>().message;
  EXPECT_EQ(bye.to.tag, "other");
  EXPECT_EQ(bye.uri, "sip:sato@10.0.0.6:5070");
  EXPECT_EQ(line.feed(Proceed{}), "ACK 1");
  EXPECT_NE(line.last<SendAck>().message.branch, bye.branch);
  EXPECT_EQ(line.s.phase, Phase::talking) << "the first answer stays";
}

TEST(Session, RouteSetIsReversedAndStrictRoutersAreHonoured) {
  Line line;
  line.dial();
  Message ok = line.reply(200);
  ok.routes = {"sip:edge.example;lr", "sip:core.example;lr"};
  EXPECT_EQ(line.feed(GotResponse{ok}), "picked");
  EXPECT_EQ(line.last<Picked>().dialog.routes,
            (std::vector<std::string>{"sip:core.example;lr", "sip:edge.example;lr"}));
  Dialog strict = line.last<Picked>().dialog;
  strict.routes = {"sip:old.example", "sip:edge.example;lr"};
  const Message bye = make_bye(order(), strict, 1);
  EXPECT_EQ(bye.uri, "sip:old.example");
  EXPECT_EQ(bye.routes, (std::vector<std::string>{"sip:edge.example;lr", "sip:sato@10.0.0.5:5070"}));
}

TEST(Session, AnswerWithoutAUsableContactIsEndedAtTheDialledUri) {
  for (const char* contact : {"", "*", "tel:+81", "http://x", "sip:"}) {
    Line line;
    line.dial();
    Message ok = line.reply(200);
    ok.contact = contact;
    EXPECT_EQ(line.feed(GotResponse{ok}), "ACK 1, BYE 2") << contact;
    EXPECT_EQ(line.last<SendRequest>().message.uri, "sip:sato@10.0.0.5");
    EXPECT_EQ(line.gets(200, "BYE"), "over carrier_failed");
  }
  Line line;
  line.dial();
  Message ok = line.reply(200);
  ok.routes = {"tel:1"};
  EXPECT_EQ(line.feed(GotResponse{ok}), "ACK 1, BYE 2");
}

TEST(Session, AnswerWithoutUsableAudioIsNoMedia) {
  for (const char* body : {"", "garbage", "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5000 RTP/AVP 18\r\n"}) {
    Line line;
    line.dial();
    Message ok = line.reply(200);
    ok.body = body;
    EXPECT_EQ(line.feed(GotResponse{ok}), "ACK 1, BYE 2");
    EXPECT_EQ(line.gets(200, "BYE"), "over no_media");
  }
}

TEST(Session, ByeFromTheFarEnd) {
  Line line;
  line.talk();
  EXPECT_EQ(line.asks("BYE"), "reply 200, over hung_up");
  EXPECT_EQ(line.s.phase, Phase::done);
  Line early;
  early.dial();
  early.gets(200);
  EXPECT_EQ(early.asks("BYE"), "reply 200, over hung_up") << "before our ACK";
  Line crossing;
  crossing.talk();
  crossing.feed(MediaMissing{});
  EXPECT_EQ(crossing.asks("BYE"), "reply 200, over no_media") << "both hang up: the reason stays ours";
}

TEST(Session, StrangersAndOldRequestsAreRefused) {
  Line line;
  line.dial();
  EXPECT_EQ(line.asks("BYE"), "reply 481") << "no dialog yet";
  line.gets(200);
  line.feed(Proceed{});
  Message stranger = line.request("BYE");
  stranger.from.tag = "else";
  EXPECT_EQ(line.feed(GotRequest{1, stranger}), "reply 481");
  EXPECT_EQ(line.asks("INFO", 7), "reply 200");
  EXPECT_EQ(line.asks("INFO", 7), "reply 500") << "out of order";
  EXPECT_EQ(line.asks("UPDATE", 8), "reply 405");
  Message info = line.request("INFO", 9);
  info.content_type = "application/dtmf-relay";
  info.body = "Signal=1\r\n";
  EXPECT_EQ(line.feed(GotRequest{1, info}), "reply 200, key 1");
}

TEST(Session, ReinviteMovesMediaAndIsAnsweredWithOurOwn) {
  Line line;
  line.dial();
  line.gets(200);
  EXPECT_EQ(line.asks("INVITE", 1), "reply 491") << "before our ACK";
  line.feed(Proceed{});
  Message offer = line.request("INVITE", 2);
  offer.body = make_offer({"10.0.0.8", 6000, 1, 2});
  EXPECT_EQ(line.feed(GotRequest{3, offer}), "reply 200, moved");
  EXPECT_EQ(line.last<Moved>().media.ip, "10.0.0.8");
  offer.cseq = 3;
  offer.body = "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 1 RTP/AVP 18\r\n";
  EXPECT_EQ(line.feed(GotRequest{3, offer}), "reply 488");
  EXPECT_EQ(line.asks("INVITE", 4), "reply 200") << "without an offer ours is one";
  EXPECT_NE(line.last<Reply>().sdp.find("m=audio 40000"), std::string::npos);
  line.feed(HangUp{});
  EXPECT_EQ(line.asks("INVITE", 5), "reply 481");
}

TEST(Session, WithoutProceedTheAnswerIsEnded) {
  Line line;
  line.dial();
  line.gets(200);
  EXPECT_EQ(line.ticks(), "ACK 1, BYE 2");
  EXPECT_EQ(line.ticks(), "over hung_up") << "no reply to the BYE either";
  EXPECT_EQ(line.s.phase, Phase::done);
}

TEST(Session, IgnoresWhatIsNotItsOwn) {
  Line line;
  line.dial();
  Message other = line.reply(486);
  other.call_id = "else";
  EXPECT_EQ(line.feed(GotResponse{other}), "");
  other = line.reply(486);
  other.from.tag = "else";
  EXPECT_EQ(line.feed(GotResponse{other}), "");
  EXPECT_EQ(line.feed(Start{}), "");
  EXPECT_EQ(line.feed(Proceed{}), "");
  EXPECT_EQ(line.feed(MediaMissing{}), "");
}

/// Whatever comes, in whatever order: one ending at most, and exactly one once the far end is silent.
TEST(Session, EndsExactlyOnceUnderEveryShortHistory) {
  const std::vector<std::function<void(Line&)>> moves = {
      [](Line& l) { l.gets(180); },       [](Line& l) { l.gets(200); },
      [](Line& l) { l.gets(486); },       [](Line& l) { l.gets(487); },
      [](Line& l) { l.feed(Proceed{}); }, [](Line& l) { l.feed(HangUp{}); },
      [](Line& l) { l.asks("BYE", 50); }, [](Line& l) { l.gets(200, "BYE"); },
      [](Line& l) { l.ticks(); },         [](Line& l) { l.feed(MediaMissing{}); },
  };
  const auto overs = [](const Line& l) {
    return std::count_if(l.actions.begin(), l.actions.end(),
                         [](const Action& a) { return std::holds_alternative<Over>(a); });
  };
  std::size_t histories = 1;
  for (int i = 0; i < 4; ++i) histories *= moves.size();
  for (std::size_t history = 0; history < histories; ++history) {
    Line line;
    line.feed(Start{});
    for (std::size_t rest = history, i = 0; i < 4; ++i, rest /= moves.size())
      moves[rest % moves.size()](line);
    ASSERT_LE(overs(line), 1) << history;
    line.feed(HangUp{});
    for (int i = 0; i < 6; ++i) line.ticks();
    ASSERT_EQ(overs(line), 1) << history;
    ASSERT_EQ(line.s.phase, Phase::done) << history;
  }
}

TEST(LateAnswer, IsAcknowledgedAndEndedWithoutASession) {
  Line line;
  line.dial();
  const auto actions = end_late_answer(line.reply(200), "sip:sato@10.0.0.5");
  ASSERT_EQ(actions.size(), 2u);
  const Message ack = std::get<SendAck>(actions[0]).message;
  const Message bye = std::get<SendRequest>(actions[1]).message;
  EXPECT_EQ(ack.from.tag, line.s.identity.from_tag);
  EXPECT_EQ(bye.to.tag, "far");
  EXPECT_EQ(bye.cseq, 2u);
  EXPECT_TRUE(to_wire(ack).has_value());
  EXPECT_TRUE(to_wire(bye).has_value());
  Message odd = line.reply(200);
  odd.contact = "tel:1";
  EXPECT_EQ(std::get<SendRequest>(end_late_answer(odd, "sip:x@10.0.0.7")[1]).message.uri, "sip:x@10.0.0.7");
}

} // namespace
} // namespace kaden::sip
