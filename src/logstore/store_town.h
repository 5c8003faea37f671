// A log store in a folder of its own, with a clock that the test moves. Tests and benchmarks only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "kaden/limits/logs.h"
#include "kaden/logstore.h"

namespace kaden::logstore {

inline const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

class TestFolder {
 public:
  TestFolder() : path_((std::filesystem::temp_directory_path() / "kaden-logs-XXXXXX").string()) {
    require(mkdtemp(path_.data()) != nullptr, "a folder for the test can be made");
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string file() const { return path_ + "/logs.db"; }

 private:
  std::string path_;
};

/// What a call that answers later has answered.
inline Result<void> wait_for(const std::function<void(Done)>& call) {
  std::promise<Result<void>> answered;
  call([&](const Result<void>& done) { answered.set_value(done); });
  return answered.get_future().get();
}
inline Result<Page> read_page(Store& store, Query query) {
  std::promise<Result<Page>> answered;
  store.read(std::move(query), [&](Result<Page> page) { answered.set_value(std::move(page)); });
  return answered.get_future().get();
}
inline Result<void> append(Store& store, const std::string& stream, std::vector<Event> events) {
  return wait_for([&](Done done) { store.append("app", stream, std::move(events), std::move(done)); });
}

class Town {
 public:
  Town() { start(); }

  void start() {
    Settings settings;
    settings.path = folder_.file();
    settings.keep = keep_;
    settings.bytes = bytes_;
    auto opened = Store::open(settings, clock_, [this](const std::vector<logfilter::Datum>& data) {
      data_.insert(data_.end(), data.begin(), data.end());
      if (hold_.valid()) hold_.wait();
      return refuse_ ? Result<void>(fail(Fault::busy, "full")) : Result<void>();
    });
    require(opened.has_value(), "the store opens");
    store_ = std::move(*opened);
  }
  void restart() {
    store_.reset();
    start();
  }
  /// The group "app" with streams.
  void make(const std::vector<std::string>& streams) {
    const auto made = [](const Result<void>& done) {
      require(done.has_value(), "what a test needs is made");
    };
    made(wait_for([&](Done done) { store_->create_group("app", {}, std::move(done)); }));
    for (const auto& stream : streams) {
      made(wait_for([&](Done done) { store_->create_stream("app", stream, std::move(done)); }));
    }
  }
  /// Seconds after noon, or before.
  static Event event(std::int64_t s, std::string message) { return {noon + seconds(s), std::move(message)}; }
  Result<void> put(const std::string& stream, std::vector<Event> events) {
    return append(*store_, stream, std::move(events));
  }
  Result<void> put_filter(const std::string& name, const std::string& pattern,
                          std::optional<double> fallback = std::nullopt) {
    Filter filter;
    filter.group = "app";
    filter.name = name;
    filter.pattern = pattern;
    filter.transformation = {name, "App", "1", fallback, {}, "Count"};
    return wait_for([&](Done done) { store_->put_filter(filter, std::move(done)); });
  }
  /// Everything asked for before has been done.
  void settle() {
    require(!wait_for([&](Done done) { store_->delete_group("none", std::move(done)); }).has_value(),
            "there is no such group");
  }
  void tick(Millis after) {
    clock_.advance(after);
    store_->tick();
    settle();
  }
  static Query all() {
    Query query;
    query.group = "app";
    query.from = wall_time(0);
    query.to = noon + seconds(86'400);
    return query;
  }
  /// Every page of a query: the messages, and how many pages there were.
  std::string read(Query query, int* pages = nullptr) {
    std::string out;
    for (int page_count = 1;; ++page_count) {
      const auto page = read_page(*store_, query);
      if (!page) return "error: " + page.error().message;
      for (const auto& one : page->events) out += one.message + " ";
      if (pages != nullptr) *pages = page_count;
      if (!page->next) return out;
      query.after = page->next;
    }
  }
  /// "metric value@seconds after noon", of each datum that filters made; forgotten then.
  std::string take_data() {
    std::string out;
    for (const auto& datum : data_) {
      out += datum.name + " " + kaden::to_text(datum.value) + "@" +
             std::to_string((datum.at - noon).count() / 1000) + " ";
    }
    data_.clear();
    return out;
  }

  TestFolder folder_;
  runtime::ManualClock clock_{noon};
  Millis keep_ = limits::log_keep;
  std::uint64_t bytes_ = limits::log_bytes;
  std::vector<logfilter::Datum> data_;
  std::shared_future<void> hold_;
  bool refuse_ = false;
  std::unique_ptr<Store> store_;
};

} // namespace kaden::logstore
