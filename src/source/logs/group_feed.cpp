// Lines that others send to log groups.
#include "feed.h"
#include "kaden/log_taps.h"
#include "kaden/utf8.h"

namespace kaden::logs {

namespace {

constexpr std::size_t taken_at_once = 2'000;

class GroupFeed final : public Feed {
 public:
  explicit GroupFeed(std::shared_ptr<Tap> tap) : tap_(std::move(tap)) {}

  bool begin(const json::value& /*saved*/) override { return true; }

  Read read(const Take& take) override {
    std::vector<TappedLine> lines;
    Read done;
    done.has_more = tap_->take(lines, taken_at_once);
    for (TappedLine& line : lines) {
      logalarms::Record record;
      record.at = line.at;
      record.host = repaired_utf8(line.stream);
      record.group = std::move(line.group);
      record.text = repaired_utf8(line.text);
      take(std::move(record));
    }
    return done;
  }

  void wait(Millis most, const std::atomic<bool>& /*cancelled*/) override { tap_->wait(most); }
  json::value position() override { return nullptr; }
  bool forgets() const override { return true; }

  std::map<std::string, std::uint64_t> counts() const override { return {{"dropped_full", tap_->dropped()}}; }

  std::string take_complaint() override {
    const std::uint64_t dropped = tap_->dropped();
    if (dropped == told_) return "";
    return std::to_string(dropped - std::exchange(told_, dropped)) +
           " lines were not judged: the queue was full";
  }

 private:
  const std::shared_ptr<Tap> tap_;
  std::uint64_t told_ = 0;
};

} // namespace

std::unique_ptr<Feed> tap_groups(std::shared_ptr<Tap> tap) {
  return std::make_unique<GroupFeed>(std::move(tap));
}

} // namespace kaden::logs
