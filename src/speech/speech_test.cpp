// With the real voices: what is heard, in time, level and phonemes; and what happens when a voice fails.
#include "kaden/speech.h"
#include "kaden/limits/speech.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

namespace kaden::speech {
namespace {

namespace fs = std::filesystem;
using script::Span;
using script::SpanKind;
using script::Utterance;

const script::FieldValues fields = {
    {"machine", "web-01"}, {"host", "db-prod-3.example"}, {"alarm", "disk full"}};

Utterance words(Language language, std::string_view text) {
  return script::expand(language, text, fields);
}

std::string phonemes_of(Speech& speech, std::string_view text) {
  const auto phonemes = speech.phonemes_ja(words(Language::ja, text));
  return phonemes ? *phonemes : phonemes.error().message;
}

/// Devoiced vowels are written in capitals; whether one is devoiced depends on its neighbours. N is a sound
/// of its own.
std::string voiced(std::string text) {
  for (char& c : text) {
    if (std::string_view("AIUEO").find(c) != std::string_view::npos) c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "kaden-speech-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const char* name) const { return (path_ / name).string(); }
  /// A shell script that stands in for open_jtalk.
  std::string program(const std::string& body) const {
    std::string path = *this / "voice";
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

 private:
  fs::path path_;
};

void expect_telephone_speech(const Audio& audio, const std::string& text) {
  SCOPED_TRACE(text);
  const auto& samples = audio.samples;
  ASSERT_GT(audio.length(), Millis(500));
  ASSERT_LT(audio.length(), seconds(15));
  const int peak = std::abs(*std::max_element(samples.begin(), samples.end(),
                                              [](int a, int b) { return std::abs(a) < std::abs(b); }));
  EXPECT_LE(peak, 23'250) << "at most -3 dBFS: nothing clips";
  EXPECT_GE(peak, 13'000);
  double power = 0.0;
  for (const std::int16_t each : samples) power += static_cast<double>(each) * each;
  const double rms_db =
      10.0 * std::log10(power / static_cast<double>(samples.size()) / (32'768.0 * 32'768.0));
  EXPECT_GT(rms_db, -24.0) << "pauses included";
  EXPECT_LT(rms_db, -17.0);
  const auto is_heard = [&](int each) { return std::abs(each) > peak / 50; };
  EXPECT_LT((std::find_if(samples.begin(), samples.end(), is_heard) - samples.begin()) / 8, 100);
  EXPECT_LE((std::find_if(samples.rbegin(), samples.rend(), is_heard) - samples.rbegin()) / 8, 400)
      << "the last vowel is whispered, silence is cut";
}

constexpr std::array both{Language::ja, Language::en};

TEST(Speech, VoicesAreThere) {
  Speech speech{SpeechSettings{}};
  const auto checked = speech.check(both);
  EXPECT_TRUE(checked) << checked.error().message;
}

TEST(Speech, EveryBuiltInSentenceIsTelephoneSpeech) {
  Speech speech{SpeechSettings{}};
  for (const Language language : {Language::ja, Language::en}) {
    for (const bool is_test : {false, true}) {
      const auto script =
          script::make_call_script(language, script::default_message(language, fields), is_test);
      for (const Utterance& line : script.lines) {
        const auto audio = speech.render(line);
        ASSERT_TRUE(audio) << audio.error().message;
        expect_telephone_speech(**audio, script::to_text(line));
        EXPECT_EQ(speech.cached(line), *audio);
      }
    }
  }
}

TEST(Speech, JapaneseNamesAreHeard) {
  Speech speech{SpeechSettings{}};
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"{machine} の CPU が 91.5 パーセントです",
       "w e b u pau z e r o i ch i n o sh i i p i i y u u g a ky u u j u u i cl t e N g o p a a s e N t o d "
       "e s u"},
      {"サーバー{host}が停止しました",
       "s a a b a a pau d i i b i i pau p u r o d o pau s a N pau d o cl t o pau i g u z a N p u r u g a t e "
       "e sh i "
       "sh i m a sh i t a"},
      {"{machine}、disk full を検出",
       "w e b u pau z e r o i ch i pau d i s u k u pau f u r u o k e N sh u ts u"},
      {"10.0.0.5 から応答がありません",
       "i ch i z e r o pau d o cl t o pau z e r o pau d o cl t o pau z e r o pau d o cl t o pau g o k a r a "
       "o o t o "
       "o g a a r i m a s e N"},
      {"残り 10GB", "n o k o r i j u u g i g a b a i t o"},
      {"☃", ""},
  };
  for (const auto& [text, expect] : cases) EXPECT_EQ(voiced(phonemes_of(speech, text)), expect) << text;
}

TEST(Speech, JapaneseSentencesAreReadRight) {
  Speech speech{SpeechSettings{}};
  const auto script = script::make_call_script(Language::ja, {}, false);
  const auto phonemes = [&](script::Line line) {
    return voiced(phonemes_of(speech, script::to_text(script.line(line))));
  };
  using script::Line;
  EXPECT_EQ(phonemes(Line::menu),
            "t a i o o d e k i r u b a a i w a i ch i o pau d e k i n a i b a a i w a n i o pau m o o i ch i "
            "d o k i k "
            "u b a a i w a s a N o o sh i t e k u d a s a i");
  EXPECT_EQ(phonemes(Line::acknowledged),
            "t a i o o o u k e ts u k e m a sh i t a pau g o t a i o o o o n e g a i sh i m a s u");
  EXPECT_EQ(phonemes(Line::not_recorded),
            "k i r o k u d e k i m a s e N d e sh i t a pau m o o i ch i d o o sh i t e k u d a s a i");
  EXPECT_EQ(phonemes(Line::passed_on),
            "sh o o ch i sh i m a sh i t a pau ts u g i n o t a N t o o sh a n i d e N w a sh i m a s u");
  EXPECT_EQ(phonemes(Line::cleared),
            "a r a a m u w a k a i sh o o sh i m a sh i t a pau t a i o o w a f u y o o d e s u");
  EXPECT_THAT(phonemes(Line::taken_by_other), testing::HasSubstr("t a i o o o h i k i u k e m a sh i t a"));
  EXPECT_THAT(phonemes_of(speech, "重大アラームです。障害、警告、情報"),
              testing::StartsWith(
                  "j u u d a i a r a a m u d e s U pau sh o o g a i pau k e e k o k u pau j o o h o o"));
}

TEST(Speech, EveryTwoDigitNumberIsReadDigitByDigit) {
  Speech speech{SpeechSettings{}};
  const char* const digits[] = {"z e r o", "i ch i",  "n i",     "s a N",    "y o N",
                                "g o",     "r o k u", "n a n a", "h a ch i", "ky u u"};
  for (int tens = 0; tens < 10; ++tens) {
    std::string names;
    std::string expect;
    for (int ones = 0; ones < 10; ++ones) {
      names += std::to_string(tens) + std::to_string(ones) + "-";
      expect += std::string(expect.empty() ? "" : " pau ") + digits[tens] + " " + digits[ones];
    }
    const auto phonemes = speech.phonemes_ja({Language::ja, {Span{SpanKind::name, names}}});
    ASSERT_TRUE(phonemes) << phonemes.error().message;
    EXPECT_EQ(voiced(*phonemes), expect);
  }
}

TEST(Speech, NothingToSayIsAShortSilence) {
  Speech speech{SpeechSettings{}};
  for (const Language language : {Language::ja, Language::en}) {
    for (const std::string_view text : {"", "☃", "、。", "(...)", "..."}) {
      const auto audio = speech.render(words(language, text));
      ASSERT_TRUE(audio) << audio.error().message;
      EXPECT_LE((*audio)->length(), seconds(1)) << text;
      EXPECT_GT((*audio)->length(), Millis(0)) << text;
    }
  }
}

TEST(Speech, LongTextIsSaidWhole) {
  Speech speech{SpeechSettings{}};
  std::string text;
  for (int i = 0; i < 12; ++i) text += "サーバーの温度が上がっています、至急ご確認ください。";
  const auto once = speech.render(words(Language::ja, text.substr(0, text.size() / 12)));
  const auto whole = speech.render(words(Language::ja, text));
  ASSERT_TRUE(once && whole);
  const double ratio =
      static_cast<double>((*whole)->samples.size()) / static_cast<double>((*once)->samples.size());
  EXPECT_GT(ratio, 12.0);
  EXPECT_LT(ratio, 16.0);
}

TEST(Speech, RefusesWhatCannotBeText) {
  Speech speech{SpeechSettings{}};
  for (const std::string& text : {std::string("\xff"), std::string(limits::utterance_bytes_max + 1, 'x')}) {
    const Utterance utterance{Language::en, {Span{SpanKind::words, text}}};
    ASSERT_FALSE(speech.render(utterance));
    EXPECT_EQ(speech.render(utterance).error().fault, Fault::invalid);
    EXPECT_EQ(speech.cached(utterance), nullptr);
  }
  EXPECT_EQ(speech.phonemes_ja(words(Language::en, "x")).error().fault, Fault::invalid);
}

TEST(Speech, AskedForAtOnceItIsMadeOnce) {
  const TemporaryFolder folder;
  SpeechSettings settings;
  settings.open_jtalk = folder.program("echo made >> '" + (folder / "log") + "'; exec open_jtalk \"$@\"");
  Speech speech(settings);
  const Utterance utterance = words(Language::ja, "{machine} が停止しました");
  EXPECT_EQ(speech.cached(utterance), nullptr);
  std::vector<AudioPtr> heard(8);
  std::vector<std::thread> callers;
  callers.reserve(heard.size());
  for (AudioPtr& each : heard)
    callers.emplace_back([&] { each = speech.render(utterance).value_or(nullptr); });
  for (std::thread& each : callers) each.join();
  ASSERT_TRUE(heard[0]);
  for (const AudioPtr& each : heard) EXPECT_EQ(each, heard[0]);
  std::ifstream log(folder / "log");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(log), {}), "made\n");
}

TEST(Speech, TheFolderOutlivesTheProcess) {
  const TemporaryFolder folder;
  SpeechSettings settings;
  settings.cache_folder = folder / "cache";
  const Utterance utterance = words(Language::ja, "{machine} が停止しました");
  const auto made = Speech(settings).render(utterance);
  ASSERT_TRUE(made);
  settings.open_jtalk = "no-such-program";
  Speech again(settings);
  const auto found = again.render(utterance);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)->samples, (*made)->samples);
  settings.voice_ja = "/another/voice";
  EXPECT_EQ(Speech(settings).cached(utterance), nullptr) << "another voice is another sound";
}

TEST(Speech, AVoiceThatFailsIsToldAndTriedAgain) {
  const TemporaryFolder folder;
  struct Case {
    std::string program;
    const char* words;
  };
  const std::vector<Case> cases = {
      {"no-such-program", "starting no-such-program"},
      {folder / "gone", "No such file"},
      {"false", "it failed"},
      {"true", "it failed"},
      {"echo", "no RIFF WAVE header"},
  };
  for (const Case& each : cases) {
    SpeechSettings settings;
    settings.open_jtalk = each.program;
    Speech speech(settings);
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto audio = speech.render(words(Language::ja, "テスト"));
      ASSERT_FALSE(audio) << each.program;
      EXPECT_EQ(audio.error().fault, Fault::unavailable);
      EXPECT_THAT(audio.error().message, testing::HasSubstr(each.words));
    }
    EXPECT_FALSE(speech.check(both));
    EXPECT_TRUE(speech.check(std::array{Language::en})) << "a voice that nobody needs";
    EXPECT_TRUE(speech.render(words(Language::en, "test"))) << "the other language still works";
  }
  SpeechSettings flaky;
  flaky.open_jtalk = folder.program("[ -e '" + (folder / "seen") + "' ] && exec open_jtalk \"$@\"; touch '" +
                                    (folder / "seen") + "'; exit 1");
  Speech speech(flaky);
  EXPECT_FALSE(speech.render(words(Language::ja, "テスト")));
  EXPECT_TRUE(speech.render(words(Language::ja, "テスト"))) << "a failure is not kept";
}

TEST(Speech, CheckNamesWhatIsMissing) {
  const auto message_of = [](auto change) {
    SpeechSettings settings;
    change(settings);
    const auto checked = Speech(settings).check(both);
    return checked ? std::string("fine") : checked.error().message;
  };
  EXPECT_THAT(
      message_of([](SpeechSettings& s) { s.voice_ja = "/no/voice"; }),
      testing::AllOf(testing::HasSubstr("/no/voice"), testing::HasSubstr("hts-voice-nitech-jp-atr503-m001")));
  EXPECT_THAT(message_of([](SpeechSettings& s) { s.dictionary = "/no/dictionary"; }),
              testing::AllOf(testing::HasSubstr("/no/dictionary"),
                             testing::HasSubstr("open-jtalk-mecab-naist-jdic")));
  EXPECT_THAT(message_of([](SpeechSettings& s) { s.cache_folder = "/proc/kaden"; }),
              testing::HasSubstr("/proc/kaden"));
}

} // namespace
} // namespace kaden::speech
