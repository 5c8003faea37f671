// A request's body for one of the operations (the first byte says which), from JSON through the whole service
// and a log store in memory's file system, and the answer back to JSON.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <future>

#include "kaden/cloudwatchlogs.h"
#include "kaden/smithy_wire.h"

namespace {

using namespace kaden;

/// Lives for the whole run; what an input deletes is made again.
class World {
 public:
  World()
      : folder_(std::filesystem::exists("/dev/shm") ? "/dev/shm/kaden-fuzz-XXXXXX"
                                                    : "/tmp/kaden-fuzz-XXXXXX") {
    require(mkdtemp(folder_.data()) != nullptr, "a folder can be made");
    auto opened =
        logstore::Store::open({folder_ + "/logs.db"}, clock_, [](const auto&) { return Result<void>(); });
    require(opened.has_value(), "the store opens");
    store_ = std::move(*opened);
    service_ = std::make_unique<smithy::Service>(cloudwatchlogs::make_service(*store_, {}));
  }
  ~World() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void send(const smithy::Served& served, std::string_view body) const {
    const auto protocol = smithy::Protocol::json_1_1;
    const auto input = smithy::read_json(served.operation.input, body);
    if (!input) return;
    std::promise<smithy::Answer<smithy::Value>> answered;
    served.run({"AKID", clock_.wall(), "id"}, *input,
               [&](const smithy::Answer<smithy::Value>& answer) { answered.set_value(answer); });
    const auto answer = answered.get_future().get();
    if (answer) {
      static_cast<void>(smithy::write_output(protocol, *service_, served.operation, *answer, "id"));
    } else {
      require(answer.error().http_status < 500, "no input is our own fault");
      static_cast<void>(smithy::write_problem(protocol, *service_, answer.error(), "id"));
    }
  }
  void make() const {
    if (!store_->group("g")) send(service_->operations.at("CreateLogGroup"), R"({"logGroupName":"g"})");
    if (!store_->stream("g", "s")) {
      send(service_->operations.at("CreateLogStream"), R"({"logGroupName":"g","logStreamName":"s"})");
    }
  }
  const smithy::Served& served(std::size_t number) const {
    return std::next(service_->operations.begin(),
                     static_cast<std::ptrdiff_t>(number % service_->operations.size()))
        ->second;
  }

 private:
  std::string folder_;
  const runtime::ManualClock clock_{wall_time(1'790'000'000'000)};
  std::unique_ptr<logstore::Store> store_;
  std::unique_ptr<smithy::Service> service_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  if (size == 0) return 0;
  world.make();
  world.send(world.served(data[0] - std::size_t{'A'}), {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
