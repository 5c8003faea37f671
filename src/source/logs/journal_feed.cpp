// systemd's journal, read with sd-journal(3).
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <system_error>

#include "feed.h"
#include "kaden/utf8.h"

namespace kaden::logs {

namespace {

constexpr Millis wait_slice = Millis(200);
constexpr std::size_t folder_entries_max = 10'000;

struct CloseJournal {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};
struct FreeText {
  void operator()(char* text) const { free(text); } // NOLINT: sd-journal's own malloc
};
struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

Error error_of(const std::string& doing, int answer) {
  return {Fault::unavailable, doing + ": " + std::system_category().message(-answer)};
}

/// Which folders these are: the same names may be other folders later. ext4 gives the number of a folder that
/// was removed to the next one, so the time of its birth belongs to it.
using Identity = std::set<std::array<std::uint64_t, 5>>;

/// What lies in a folder of journals and in the folders of machines below it.
struct Found {
  std::size_t files = 0, readable = 0;
  int why = ENOENT;
  Identity folders;
};
void look_into(const std::string& path, int depth, Found& found) {
  const std::unique_ptr<DIR, CloseFolder> folder(opendir(path.c_str()));
  if (!folder) {
    if (errno != ENOENT) found.why = errno;
    return;
  }
  struct statx about {};
  if (statx(dirfd(folder.get()), "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &about) == 0) {
    found.folders.insert({about.stx_dev_major, about.stx_dev_minor, about.stx_ino,
                          static_cast<std::uint64_t>(about.stx_btime.tv_sec), about.stx_btime.tv_nsec});
  }
  std::size_t looked = 0;
  while (const dirent* entry = readdir(folder.get())) { // NOLINT(concurrency-mt-unsafe): ours alone
    const std::string name = entry->d_name;
    if (name.starts_with(".") || ++looked > folder_entries_max) continue;
    const std::string below = fmt::format("{}/{}", path, name);
    if (name.ends_with(".journal")) {
      ++found.files;
      if (access(below.c_str(), R_OK) == 0) {
        ++found.readable;
      } else {
        found.why = errno;
      }
    } else if (depth > 0) {
      look_into(below, depth - 1, found);
    }
  }
}

class JournalFeed final : public Feed {
 public:
  JournalFeed(Journal settings,
              const runtime::Clock& clock) // NOLINT(performance-unnecessary-value-param): it is moved from
      : settings_(std::move(settings)), clock_(clock) {}

  bool begin(const json::value& saved) override {
    if (saved.is_null()) return true;
    const json::object* const object = saved.if_object();
    const json::value* const cursor = object == nullptr ? nullptr : object->if_contains("cursor");
    const json::value* const since = object == nullptr ? nullptr : object->if_contains("since");
    if (cursor == nullptr || !cursor->is_string() || since == nullptr || !since->is_int64()) return false;
    cursor_ = std::string(cursor->as_string());
    since_ = wall_time(since->as_int64());
    return true;
  }

  Read read(const Take& take) override {
    Read done;
    if (!journal_) {
      if (auto opened = open(); !opened) {
        if (!since_) since_ = clock_.wall();
        done.trouble = opened.error();
        done.is_blind = true;
        return done;
      }
    }
    for (std::size_t i = 0; i < limits::journal_batch; ++i) {
      const int next = std::exchange(is_on_next_, false) ? 1 : sd_journal_next(journal_.get());
      if (next == 0) {
        done.trouble = trouble_if_nothing();
        done.is_blind = done.trouble.has_value();
        return done;
      }
      if (next < 0) {
        journal_.reset(); // opened again at the cursor
        done.trouble = error_of("reading the journal", next);
        done.is_blind = true;
        return done;
      }
      if (!remember_cursor()) continue;
      if (auto record = record_here(); !record.text.empty()) {
        take(std::move(record));
      } else {
        ++empty_;
      }
    }
    done.has_more = true;
    return done;
  }

  void wait(Millis most, const std::atomic<bool>& cancelled) override {
    if (!journal_) return;
    for (Millis left = most; left > Millis(0) && !cancelled; left -= wait_slice) {
      const auto slice = static_cast<std::uint64_t>(std::min(left, wait_slice).count()) * 1'000;
      if (sd_journal_wait(journal_.get(), slice) != SD_JOURNAL_NOP) return;
    }
  }

  json::value position() override {
    return json::object{{"cursor", cursor_}, {"since", to_ms(since_.value_or(clock_.wall()))}};
  }
  std::map<std::string, std::uint64_t> counts() const override { return {{"empty", empty_}}; }

 private:
  std::vector<std::string> folders() const {
    if (!settings_.folder.empty()) return {settings_.folder};
    return {"/var/log/journal", "/run/log/journal"};
  }
  std::string place() const { return settings_.folder.empty() ? "this machine's journal" : settings_.folder; }

  Found look() const {
    Found found;
    for (const std::string& folder : folders()) look_into(folder, 1, found);
    return found;
  }
  std::optional<Error> trouble_with(const Found& found) const {
    if (found.readable > 0) return std::nullopt;
    if (found.files == 0 && found.why == ENOENT)
      return Error{Fault::not_found, place() + ": there are no journal files"};
    return Error{Fault::unavailable, fmt::format("{}: {} (is Kaden's user in the group systemd-journal?)",
                                                 place(), std::system_category().message(found.why))};
  }

  Result<void> open() {
    Found found = look();
    if (auto trouble = trouble_with(found)) return tl::unexpected(*trouble);
    sd_journal* opened = nullptr;
    const int answer = settings_.folder.empty()
                           ? sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY)
                           : sd_journal_open_directory(&opened, settings_.folder.c_str(), 0);
    if (answer < 0) return tl::unexpected(error_of(place(), answer));
    journal_.reset(opened);
    sd_journal_set_data_threshold(opened, limits::journal_field_bytes_max);
    for (const std::string& unit : settings_.units) {
      const std::string match = "_SYSTEMD_UNIT=" + unit;
      if (const int added = sd_journal_add_match(opened, match.data(), match.size()); added < 0)
        return tl::unexpected(error_of("unit " + unit, added));
    }
    // A descriptor must be there before the first wait, or what comes in between is not noticed.
    if (const int descriptor = sd_journal_get_fd(opened); descriptor < 0)
      return tl::unexpected(error_of("watching " + place(), descriptor));
    identity_ = std::move(found.folders);
    is_on_next_ = false;
    const int placed = cursor_.empty() ? go_to_begin() : go_to_cursor();
    if (placed < 0) {
      journal_.reset();
      return tl::unexpected(error_of(place(), placed));
    }
    return {};
  }

  /// Behind the entry that was read last; at the next one when that is gone.
  int go_to_cursor() {
    if (const int sought = sd_journal_seek_cursor(journal_.get(), cursor_.c_str()); sought < 0) return sought;
    const int next = sd_journal_next(journal_.get());
    if (next <= 0) return next;
    is_on_next_ = sd_journal_test_cursor(journal_.get(), cursor_.c_str()) == 0;
    return 1;
  }

  int go_to_begin() {
    if (settings_.from_beginning) return sd_journal_seek_head(journal_.get());
    if (since_) { // there was none, or it was empty, when the watching began: what is newer counts
      const auto since = static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(*since_), 0)) * 1'000;
      return sd_journal_seek_realtime_usec(journal_.get(), since);
    }
    since_ = clock_.wall();
    if (const int sought = sd_journal_seek_tail(journal_.get()); sought < 0) return sought;
    const int last = sd_journal_previous(journal_.get());
    if (last == 0) return sd_journal_seek_head(journal_.get());
    if (last > 0) remember_cursor();
    return last;
  }

  bool remember_cursor() {
    char* text = nullptr;
    if (sd_journal_get_cursor(journal_.get(), &text) < 0) return false;
    const std::unique_ptr<char, FreeText> owned(text);
    cursor_ = text;
    return true;
  }

  logalarms::Record record_here() {
    logalarms::Record record;
    record.has_header = true;
    std::uint64_t microseconds = 0;
    record.at = sd_journal_get_realtime_usec(journal_.get(), &microseconds) < 0
                    ? clock_.wall()
                    : wall_time(static_cast<std::int64_t>(microseconds / 1'000));
    record.time = to_iso8601(record.at);
    const void* data = nullptr;
    std::size_t bytes = 0;
    std::size_t fields = 0;
    sd_journal_restart_data(journal_.get());
    while (fields++ < limits::journal_fields_max &&
           sd_journal_enumerate_available_data(journal_.get(), &data, &bytes) > 0) {
      take_field(record, {static_cast<const char*>(data), bytes});
    }
    return record;
  }

  static void take_field(logalarms::Record& record, std::string_view field) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = field.substr(0, equals);
    std::string value = repaired_utf8(field.substr(equals + 1).substr(0, limits::journal_field_bytes_max));
    const auto number = [&](int most) {
      const auto read = parse_int(value);
      return read && *read >= 0 && *read <= most ? static_cast<int>(*read) : -1;
    };
    if (name == "MESSAGE") {
      record.text = std::move(value);
    } else if (name == "PRIORITY") {
      record.severity = number(7);
    } else if (name == "SYSLOG_FACILITY") {
      record.facility = number(23);
    } else if (name == "_HOSTNAME") {
      record.host = std::move(value);
    } else if (name == "SYSLOG_IDENTIFIER") {
      record.app = std::move(value);
    } else if (name == "_COMM") {
      if (record.app.empty()) record.app = std::move(value);
    } else if (name == "_PID" || (name == "SYSLOG_PID" && record.process.empty())) {
      record.process = std::move(value);
    } else if (name == "_SYSTEMD_UNIT") {
      record.unit = std::move(value);
    } else if (name == "MESSAGE_ID") {
      record.message_id = std::move(value);
    } else if (!name.starts_with("_") && !name.starts_with("SYSLOG_")) {
      record.data.emplace_back(std::string(name), std::move(value));
    }
  }

  /// A journal that gives nothing may have become unreadable, or another one may lie in its place: then it is
  /// opened again, at the cursor.
  std::optional<Error> trouble_if_nothing() {
    const SteadyTime now = clock_.steady();
    if (looked_at_ && now - *looked_at_ < seconds(10)) return std::nullopt;
    looked_at_ = now;
    const Found found = look();
    auto trouble = trouble_with(found);
    if (trouble || found.folders != identity_) journal_.reset();
    return trouble;
  }

  // Config
  const Journal settings_;
  // Borrowed
  const runtime::Clock& clock_;
  // State
  std::unique_ptr<sd_journal, CloseJournal> journal_;
  std::string cursor_;            ///< of the last entry given; empty: there was none
  std::optional<WallTime> since_; ///< when it was begun, in this run or the first one
  std::optional<SteadyTime> looked_at_;
  Identity identity_;       ///< of the folders that were opened
  bool is_on_next_ = false; ///< the entry where the journal stands has not been given
  std::uint64_t empty_ = 0;
};

} // namespace

std::unique_ptr<Feed> read_journal(Journal settings, const runtime::Clock& clock) {
  return std::make_unique<JournalFeed>(std::move(settings), clock);
}

} // namespace kaden::logs
