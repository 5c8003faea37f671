// Offer and answer, and what is refused.
#include "kaden/sdp.h"

#include <gtest/gtest.h>

namespace kaden::sip {
namespace {

const LocalMedia us{"192.0.2.1", 40000, 7, 1};

TEST(Sdp, OfferReadsBack) {
  const auto sdp = parse_sdp(make_offer(us));
  ASSERT_TRUE(sdp.has_value());
  ASSERT_EQ(sdp->media.size(), 1u);
  const auto media = choose_media(*sdp);
  ASSERT_TRUE(media.has_value());
  EXPECT_EQ(*media, (RemoteMedia{"192.0.2.1", 40000, 0, 101, Direction::sendrecv}));
}

TEST(Sdp, ChoosesTheFirstSpeechFormatOfTheFirstUsableStream) {
  const struct {
    const char* text;
    std::optional<RemoteMedia> media;
  } table[] = {
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/AVP 8 0\r\n", RemoteMedia{"10.0.0.2", 4000, 8, {}, {}}},
      {"v=0\nc=IN IP4 10.0.0.2\nm=audio 4000 RTP/AVP 18 0\n", RemoteMedia{"10.0.0.2", 4000, 0, {}, {}}},
      {"v=0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.0.0.3/1\r\n", RemoteMedia{"10.0.0.3", 4000, 0, {}, {}}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n",
       RemoteMedia{"10.0.0.2", 4000, 0, 97, {}}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/AVP 0\r\na=rtpmap:97 telephone-event/8000\r\n",
       RemoteMedia{"10.0.0.2", 4000, 0, {}, {}}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/48000\r\n",
       RemoteMedia{"10.0.0.2", 4000, 0, {}, {}}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 0 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n",
       RemoteMedia{"10.0.0.2", 4002, 0, {}, {}}},
      {"v=0\r\na=sendonly\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/AVP 0\r\n",
       RemoteMedia{"10.0.0.2", 4000, 0, {}, Direction::sendonly}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/SAVP 0\r\n", {}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=video 4000 RTP/AVP 0\r\n", {}},
      {"v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 RTP/AVP 18\r\n", {}},
      {"v=0\r\nc=IN IP6 ::1\r\nm=audio 4000 RTP/AVP 0\r\n", {}},
      {"v=0\r\nc=IN IP4 phone.example\r\nm=audio 4000 RTP/AVP 0\r\n", {}},
      {"v=0\r\nc=IN IP4 10.0.0.256\r\nm=audio 4000 RTP/AVP 0\r\n", {}},
      {"v=0\r\nm=audio 4000 RTP/AVP 0\r\n", {}},
      {"v=0\r\n", {}},
  };
  for (const auto& row : table) {
    const auto sdp = parse_sdp(row.text);
    ASSERT_TRUE(sdp.has_value()) << row.text;
    const auto media = choose_media(*sdp);
    ASSERT_EQ(media.has_value(), row.media.has_value()) << row.text;
    if (media) {
      EXPECT_EQ(*media, *row.media) << row.text;
    }
  }
}

TEST(Sdp, RefusesWhatIsNotSdp) {
  std::string many = "v=0\r\n";
  for (int i = 0; i < 9; ++i) many += "m=audio 1 RTP/AVP 0\r\n";
  std::string wide = "v=0\r\nm=audio 1 RTP/AVP";
  for (int i = 0; i < 33; ++i) wide += " 0";
  for (const std::string& text :
       {std::string(), std::string("garbage"), std::string("v=0\r\nm=audio\r\n"),
        std::string("v=0\r\nm=audio x RTP/AVP 0\r\n"), std::string("v=0\r\nm=audio 70000 RTP/AVP 0\r\n"),
        std::string("v=0\r\nm=audio -1 RTP/AVP 0\r\n"), std::string("v=0\r\nm=au\"dio 1 RTP/AVP 0\r\n"), many,
        wide, "v=0\r\n" + std::string(9'000, 'x')}) {
    EXPECT_FALSE(parse_sdp(text).has_value()) << text.substr(0, 60);
  }
}

TEST(Sdp, AnswerMirrorsTheOfferLineByLine) {
  const auto offer = parse_sdp(
      "v=0\r\nc=IN IP4 10.0.0.2\r\nm=video 5000 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 8 0 97\r\n"
      "a=rtpmap:97 telephone-event/8000\r\na=sendonly\r\nm=audio 4002 RTP/AVP 0\r\n");
  ASSERT_TRUE(offer.has_value());
  const auto answer = make_answer(*offer, us);
  ASSERT_TRUE(answer.has_value());
  const auto read = parse_sdp(*answer);
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->media.size(), 3u);
  EXPECT_EQ(read->media[0].port, 0);
  EXPECT_EQ(read->media[1].port, 40000);
  EXPECT_EQ(read->media[1].formats, (std::vector<std::string>{"8", "97"}));
  EXPECT_EQ(read->media[1].direction, Direction::recvonly);
  EXPECT_EQ(read->media[1].event_payload, 97);
  EXPECT_EQ(read->media[2].port, 0);
  EXPECT_FALSE(make_answer(Sdp{}, us).has_value());
}

TEST(Ipv4, IsADottedQuad) {
  for (const char* good : {"0.0.0.0", "127.0.0.1", "255.255.255.255"}) EXPECT_TRUE(is_ipv4(good)) << good;
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "a.b.c.d", "-1.2.3.4", "1..2.3", " 1.2.3.4"}) {
    EXPECT_FALSE(is_ipv4(bad)) << bad;
  }
}

} // namespace
} // namespace kaden::sip
