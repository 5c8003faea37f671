#include "local.h"

#include <fmt/format.h>
#include <signal.h> // NOLINT(modernize-deprecated-headers): sigwait() is POSIX
#include <sys/stat.h>

#include <fstream>
#include <random>

#include "kaden/api.h"
#include "kaden/config.h"
#include "kaden/journal.h"
#include "kaden/phone.h"
#include "kaden/runtime.h"
#include "kaden/speech.h"
#include "kaden/wav.h"
#include "secret.h"
#include "service.h"

namespace kaden::app {

namespace {

/// Blocks SIGINT and SIGTERM for this and every later thread, until wait() takes one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  void wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0) {
    }
  }

 private:
  sigset_t set_{};
};

int find_head(const journal::Journal& journal, const std::string& known_head) {
  journal::Position found = 0;
  const auto read = journal.read(0, [&](const journal::Entry& entry) {
    if (to_hex(as_view(entry.chain)) == known_head) found = entry.position;
    return found == 0;
  });
  if (!read) return report(read.error());
  if (found == 0) {
    fmt::print("the head {} is not in it: its end was cut off, or it is another journal\n", known_head);
    return 1;
  }
  fmt::print("the head {} is that of entry {}\n", known_head, found);
  return 0;
}

void print_timed(const runtime::Clock& clock, const std::string& line) {
  fmt::print("{}  {}\n", to_iso8601(clock.wall()).substr(11, 8), line);
  std::fflush(stdout);
}

} // namespace

int run_phone(const PhoneOptions& options) {
  const StopSignals signals;
  phone::Settings settings;
  settings.bind_ip = options.bind;
  settings.port = options.port;
  settings.record_folder = options.record_folder;
  for (const std::string& text : options.plans) {
    auto plan = phone::parse_plan(text);
    if (!plan) return report(plan.error());
    settings.plans.insert_or_assign(std::move(plan->first), std::move(plan->second));
  }
  if (mkdir(options.record_folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return report({Fault::invalid, "cannot create the folder " + options.record_folder});
  }
  std::ofstream events;
  if (!options.events_file.empty()) {
    events.open(options.events_file, std::ios::app);
    if (!events) return report({Fault::invalid, "cannot write " + options.events_file});
  }
  const runtime::SystemClock clock;
  const auto phone = phone::Phone::open(settings, clock, [&](const phone::Event& event) {
    const std::string line = phone::to_json_line(event);
    if (events.is_open())
      events << line << std::endl; // NOLINT(performance-avoid-endl): a witness must not be lost
    print_timed(clock, fmt::format("{:<10} {} {}{}", event.what, event.to, event.key, event.wav));
  });
  if (!phone) return report(phone.error());
  print_timed(clock, fmt::format("listening on {}:{}", options.bind, (*phone)->port()));
  signals.wait();
  return 0;
}

int run_check(const std::string& config_path) {
  const auto settings = config::load(config_path, config::process_environment());
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().message);
    return 1;
  }
  fmt::print("{}: good; version {}, {} people, {} policies, {} routes, {} alarm rules\n", config_path,
             settings->engine.version, settings->engine.people.size(), settings->engine.policies.size(),
             settings->engine.routes.size(), settings->alarms.size());
  // Not an error here: the file may be checked on another machine than Kaden's.
  if (const auto works = speech::Speech(voices_of(*settings)).check(languages_of(*settings)); !works)
    fmt::print(stderr, "on this machine: {}\n", works.error().message);
  return 0;
}

int run_say(const SayOptions& options) {
  if (const auto good = script::check_template(options.text); !good) return report(good.error());
  const Language language = parse_language(options.language).value_or(Language::ja);
  const script::Utterance utterance =
      script::expand(language, options.text, script::fields_as_written(options.text));
  speech::Speech speech{speech::SpeechSettings{}};
  const auto audio = speech.render(utterance);
  if (!audio) return report(audio.error());
  std::ofstream file(options.output, std::ios::binary);
  const std::string wav = media::wav_file((*audio)->samples);
  file.write(wav.data(), static_cast<std::streamsize>(wav.size()));
  file.close();
  if (!file) return report({Fault::invalid, "cannot write " + options.output});
  fmt::print("{}: {}\n", options.output, kaden::to_words((*audio)->length()));
  if (!options.verbose) return 0;
  fmt::print("read as: {}\n", speech::text_for_voice(utterance));
  if (language != Language::ja) return 0;
  const auto phonemes = speech.phonemes_ja(utterance);
  if (!phonemes) return report(phonemes.error());
  fmt::print("phonemes: {}\n", *phonemes);
  return 0;
}

int run_journal_verify(const std::string& store_folder, const std::string& known_head) {
  const auto journal = journal::open_sqlite_read_only(store_folder + "/journal.db");
  if (!journal) return report(journal.error());
  const auto check = (*journal)->verify();
  if (!check) return report(check.error());
  if (check->first_bad != 0) {
    fmt::print("entry {} does not fit the chain: {}\n", check->first_bad, check->reason);
    return 1;
  }
  fmt::print("{} entries, the chain holds, head {}\n", check->entries, to_hex(as_view(check->head)));
  return known_head.empty() ? 0 : find_head(**journal, known_head);
}

int run_journal_print(const std::string& store_folder) {
  const auto journal = journal::open_sqlite_read_only(store_folder + "/journal.db");
  if (!journal) return report(journal.error());
  const auto read = (*journal)->read(0, [](const journal::Entry& entry) {
    fmt::print("{} {} {}\n", entry.position, to_iso8601(entry.at), entry.payload);
    return true;
  });
  return read ? 0 : report(read.error());
}

std::string fresh_request_id() {
  std::random_device device;
  return fmt::format("cli-{:08x}{:08x}", device(), device());
}

} // namespace kaden::app
