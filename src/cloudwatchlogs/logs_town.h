// The service over a log store in a folder of its own. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <future>

#include "kaden/cloudwatchlogs.h"
#include "kaden/smithy_wire.h"

namespace kaden::cloudwatchlogs {

inline const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

class Town {
 public:
  Town() : folder_((std::filesystem::temp_directory_path() / "kaden-cwlogs-XXXXXX").string()) {
    require(mkdtemp(folder_.data()) != nullptr, "a folder for the test can be made");
    auto opened = logstore::Store::open({folder_ + "/logs.db"}, clock_, [this](const auto& data) {
      data_ += data.size();
      return Result<void>();
    });
    require(opened.has_value(), "the store opens");
    store_ = std::move(*opened);
    service_ = std::make_unique<smithy::Service>(make_service(*store_, {"ap-northeast-1", "111122223333"}));
  }
  ~Town() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Town(const Town&) = delete;
  Town& operator=(const Town&) = delete;

  smithy::Message send(const std::string& operation, const std::string& body) const {
    const smithy::Served& served = service_->operations.at(operation);
    const auto protocol = smithy::Protocol::json_1_1;
    const auto input = smithy::read_json(served.operation.input, body);
    if (!input) return smithy::write_problem(protocol, *service_, input.error(), "id");
    std::promise<smithy::Answer<smithy::Value>> answered;
    served.run({"AKID", clock_.wall(), "id"}, *input,
               [&](const smithy::Answer<smithy::Value>& answer) { answered.set_value(answer); });
    const auto answer = answered.get_future().get();
    return answer ? smithy::write_output(protocol, *service_, served.operation, *answer, "id")
                  : smithy::write_problem(protocol, *service_, answer.error(), "id");
  }
  /// The answer; "Code: message" of an error.
  std::string call(const std::string& operation, const std::string& body) const {
    const smithy::Message message = send(operation, body);
    if (message.status == 200) return message.body;
    const auto parsed = parse_json(message.body).value();
    const std::string type(parsed.at("__type").as_string());
    return type.substr(type.find('#') + 1) + ": " + std::string(parsed.at("message").as_string());
  }
  json::value ask(const std::string& operation, const std::string& body) const {
    const smithy::Message message = send(operation, body);
    EXPECT_EQ(message.status, 200) << operation << " " << message.body;
    return parse_json(message.body).value();
  }
  /// The group "g" with the stream "s".
  void make() const {
    ask("CreateLogGroup", R"({"logGroupName":"g"})");
    ask("CreateLogStream", R"({"logGroupName":"g","logStreamName":"s"})");
  }
  /// {"logGroupName":"g","logStreamName":"s","logEvents":[...]}: each "message", seconds from noon.
  static std::string events(const std::vector<std::pair<std::int64_t, std::string>>& some) {
    json::array list;
    for (const auto& [s, message] : some) {
      list.push_back(json::object{{"timestamp", to_ms(noon + seconds(s))}, {"message", message}});
    }
    return kaden::to_text(json::value(
        json::object{{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", std::move(list)}}));
  }
  static std::string messages(const json::value& answer) {
    std::string out;
    for (const auto& event : answer.at("events").as_array()) {
      out += std::string(event.at("message").as_string()) + " ";
    }
    return out;
  }

  std::string folder_;
  runtime::ManualClock clock_{noon};
  std::size_t data_ = 0;
  std::unique_ptr<logstore::Store> store_;
  std::unique_ptr<smithy::Service> service_;
};

} // namespace kaden::cloudwatchlogs
