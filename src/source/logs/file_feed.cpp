// Files, followed.
#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <type_traits>

#include "feed.h"
#include "kaden/limits/agent.h"
#include "kaden/tail.h"

namespace kaden::logs {

namespace {

constexpr Millis tick_every = seconds(1);

json::value to_json(const tail::FilePosition& at) {
  return json::object{{"device", at.device},         {"inode", at.inode},
                      {"offset", at.offset},         {"head_bytes", at.head_bytes},
                      {"head_print", at.head_print}, {"tail_bytes", at.tail_bytes},
                      {"tail_print", at.tail_print}, {"path", at.path}};
}

std::optional<tail::FilePosition> position_from(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const Fields fields(*object, "");
  constexpr std::int64_t most = std::int64_t{1} << 62;
  constexpr std::int64_t print_max = 0xFFFFFFFF;
  tail::FilePosition at;
  const auto number = [&](const char* name, std::int64_t limit, auto& out) {
    const auto value_read = fields.integer(name, 0, limit);
    if (value_read) out = static_cast<std::remove_reference_t<decltype(out)>>(*value_read);
    return value_read.has_value();
  };
  auto path = fields.text("path", limits::log_path_bytes_max * 4);
  const bool is_whole = number("device", most, at.device) && number("inode", most, at.inode) &&
                        number("offset", most, at.offset) &&
                        number("head_bytes", limits::print_bytes_max, at.head_bytes) &&
                        number("head_print", print_max, at.head_print) &&
                        number("tail_bytes", limits::print_bytes_max, at.tail_bytes) &&
                        number("tail_print", print_max, at.tail_print) && path;
  if (!is_whole || at.tail_bytes > at.offset) return std::nullopt;
  at.path = std::move(*path);
  return at;
}

/// Wakes when something is written in a folder. Nothing depends on it but how soon a line is seen.
class Wake {
 public:
  Wake() : queue_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

  void watch(const std::set<std::string>& folders) {
    if (!queue_.is_open() || folders == folders_) return;
    queue_ = runtime::Descriptor(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    folders_ = folders;
    for (const std::string& folder : folders) {
      inotify_add_watch(queue_.get(), folder.empty() ? "/" : folder.c_str(),
                        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    }
  }
  void wait(Millis most) {
    pollfd poller{queue_.get(), POLLIN, 0};
    poll(&poller, 1, static_cast<int>(most.count()));
    std::array<char, 4'096> told{};
    while (queue_.is_open() && read(queue_.get(), told.data(), told.size()) > 0) {
    }
  }

 private:
  runtime::Descriptor queue_;
  std::set<std::string> folders_;
};

class FileFeed final : public Feed {
 public:
  FileFeed(Files settings, const runtime::Clock& clock,
           tail::Tail::Log log) // NOLINT(performance-unnecessary-value-param): it is moved from
      : settings_(std::move(settings)), clock_(clock), log_(std::move(log)) {
    auto decoder = tail::Decoder::make(settings_.encoding);
    require(decoder.has_value(), "an encoding was checked when the configuration was read");
    decoder_ = std::move(*decoder);
    if (settings_.record_start.empty()) return;
    auto compiled = tail::Pattern::compile(settings_.record_start);
    require(compiled.has_value(), "a record's start was checked when the configuration was read");
    start_ = std::make_shared<const tail::Pattern>(std::move(*compiled));
  }

  bool begin(const json::value& saved) override {
    std::set<std::string> known_paths;
    const bool is_usable = restore(saved, known_paths);
    std::vector<tail::Rule> rules;
    for (const std::string& path : settings_.paths) {
      // Met before: what came while Kaden was down counts, also in a file that was empty or not there.
      const bool from_end = !settings_.from_beginning && known_paths.count(path) == 0;
      rules.push_back({path, settings_.exclude, from_end, start_, decoder_});
    }
    tail_.emplace(std::move(rules), book_, log_);
    return is_usable;
  }

  Read read(const Take& take) override {
    const SteadyTime now = clock_.steady();
    const bool tick = !ticked_ || now - *ticked_ >= tick_every;
    if (tick) ticked_ = now;
    const WallTime at = clock_.wall();
    const tail::Sink sink{
        [] { return true; },
        [&](tail::Event event) { // NOLINT(performance-unnecessary-value-param): it is moved from
          reached_[event.file] = event.end;
          garbled_ += event.is_garbled ? 1U : 0U;
          logalarms::Record record;
          record.at = at;
          record.text = std::move(event.text);
          record.file = event.path;
          take(std::move(record));
        },
        [&](const tail::FileKey& file) { reached_.erase(file); },
        [&](const tail::FileKey& file) {
          const auto found = reached_.find(file);
          if (found == reached_.end()) return;
          book_.mark(tail_->position(file, found->second));
          reached_.erase(found);
        }};
    Read done;
    done.has_more = tail_->round(sink, tick);
    // A file that is cut is read on in its copy from here.
    for (const auto& [file, end] : reached_) book_.mark(tail_->position(file, end));
    reached_.clear();
    done.trouble = trouble();
    done.is_blind = done.trouble && tail_->following() == 0;
    return done;
  }

  void wait(Millis most, const std::atomic<bool>& /*cancelled*/) override {
    if (tail_) wake_.watch(tail_->folders());
    const Millis left = ticked_ ? *ticked_ + tick_every - clock_.steady() : Millis(0);
    wake_.wait(std::clamp(left, Millis(0), std::min(most, tick_every)));
  }

  json::value position() override {
    json::array positions;
    for (const auto& at : book_.all()) positions.push_back(to_json(at));
    json::array paths;
    for (const std::string& path : settings_.paths) paths.emplace_back(path);
    return json::object{{"paths", std::move(paths)}, {"positions", std::move(positions)}};
  }

  std::map<std::string, std::uint64_t> counts() const override {
    return {{"lost_files", tail_ ? tail_->lost() : 0}, {"garbled", garbled_}};
  }
  bool is_garbled() const override { return garbled_ >= limits::log_garbled_records; }
  std::map<std::string, std::uint64_t> levels() const override {
    return {{"files", tail_ ? tail_->following() : 0}};
  }

 private:
  bool restore(const json::value& saved, std::set<std::string>& known_paths) {
    if (saved.is_null()) return true;
    const json::object* const object = saved.if_object();
    if (object == nullptr) return false;
    const Fields fields(*object, "");
    const auto paths = fields.array("paths");
    const auto positions = fields.array("positions");
    if (!paths || *paths == nullptr || !positions || *positions == nullptr) return false;
    std::vector<tail::FilePosition> read;
    for (const json::value& value : **positions) {
      auto at = position_from(value);
      if (!at) return false;
      read.push_back(std::move(*at));
    }
    for (const json::value& path : **paths) {
      if (!path.is_string()) return false;
      known_paths.emplace(path.as_string());
    }
    for (const auto& at : read) book_.mark(at);
    return true;
  }

  std::optional<Error> trouble() const {
    for (const auto& standing : tail_->standings()) {
      if (standing.trouble.empty()) continue;
      if (settings_.may_be_missing && standing.is_missing) continue;
      return Error{Fault::unavailable, standing.trouble};
    }
    return std::nullopt;
  }

  // Config
  const Files settings_;
  std::shared_ptr<const tail::Pattern> start_;
  std::shared_ptr<tail::Decoder> decoder_; ///< null: UTF-8
  // Borrowed
  const runtime::Clock& clock_;
  const tail::Tail::Log log_;
  // State
  tail::PositionBook book_;
  std::optional<tail::Tail> tail_;
  std::map<tail::FileKey, std::uint64_t> reached_;
  std::optional<SteadyTime> ticked_;
  std::uint64_t garbled_ = 0; ///< records
  Wake wake_;
};

} // namespace

std::unique_ptr<Feed> follow_files(Files settings, const runtime::Clock& clock,
                                   std::function<void(const std::string&)> log) {
  return std::make_unique<FileFeed>(std::move(settings), clock, std::move(log));
}

} // namespace kaden::logs
