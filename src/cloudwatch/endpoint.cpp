#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "desk.h"
#include "inflate.h"
#include "kaden/cloudwatch.h"
#include "kaden/sigv4.h"
#include "metric_alarm.h"
#include "metric_data.h"
#include "query.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view cbor_path = "/service/";

std::string header_or(const http::Request& request, std::string_view name, std::string_view fallback) {
  const std::string* value = http::find_header(request.headers, name);
  return value == nullptr ? std::string(fallback) : *value;
}

Protocol protocol_of(const http::Request& request) {
  if (request.path.starts_with(cbor_path) ||
      http::find_header(request.headers, "smithy-protocol") != nullptr) {
    return Protocol::cbor;
  }
  const bool json = http::find_header(request.headers, "x-amz-target") != nullptr ||
                    starts_with_no_case(header_or(request, "content-type", ""), "application/x-amz-json");
  return json ? Protocol::json : Protocol::query;
}

Answer<std::string> unpacked_body(const http::Request& request) {
  const std::string encoding = to_lower(header_or(request, "content-encoding", "identity"));
  if (encoding == "identity") return request.body;
  if (encoding == "gzip") return gunzip(request.body, limits::http_body_bytes_max);
  return problem("MalformedHttpRequestException", "The only Content-Encoding taken is gzip.");
}

Answer<Parameters> read_parameters(const http::Request& request) {
  if (request.method != "POST") {
    return problem("InvalidAction", "AWS Query requests are sent as POST with the parameters in the body.",
                   405);
  }
  const std::string type = header_or(request, "content-type", "");
  if (!starts_with_no_case(type, "application/x-www-form-urlencoded")) {
    return problem("InvalidParameterValue", "Content-Type must be application/x-www-form-urlencoded.");
  }
  const auto body = unpacked_body(request);
  if (!body) return tl::unexpected<Problem>(body.error());
  return Parameters::parse(*body);
}

} // namespace

struct Endpoint::Impl {
  // Config
  Settings settings;
  Observer observer;
  // Borrowed
  const runtime::Clock& clock;
  // State
  std::string boot; // makes request ids differ between runs
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused_signatures{0};
  std::atomic<std::uint64_t> data{0};
  mutable std::mutex keys_mutex;
  std::vector<AccessKey> access_keys; // guarded by keys_mutex
  // Owned
  std::shared_ptr<Desk> desk;

  Impl(Settings given, journal::Records& records, const runtime::Clock& the_clock, Sink sink, Observer watch)
      : settings(std::move(given)),
        observer(std::move(watch)),
        clock(the_clock),
        boot(std::to_string(to_ms(the_clock.wall()))),
        access_keys(std::move(settings.access_keys)),
        desk(std::make_shared<Desk>(records, the_clock, std::move(sink))) {}

  /// A UUID in form; unique, not secret.
  std::string next_request_id() {
    const std::string hex = sha256_hex(boot + "/" + std::to_string(++requests));
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20, 12));
  }

  std::optional<std::string> secret_of(std::string_view id) const {
    const std::lock_guard lock(keys_mutex);
    for (const auto& key : access_keys) {
      if (key.id == id) return key.secret;
    }
    return std::nullopt;
  }

  Answer<void> check_signature(const http::Request& request, WallTime now) {
    const bool is_signed = http::find_header(request.headers, "authorization") != nullptr;
    if (!is_signed && settings.allow_unsigned_on_loopback && request.peer_is_loopback) return {};
    const auto signer = sigv4::verify({request.method, request.target, request.headers, request.body},
                                      [this](std::string_view id) { return secret_of(id); },
                                      {"monitoring", now, limits::request_skew_max});
    if (signer) return {};
    ++refused_signatures;
    return problem(signer.error().code, signer.error().message, signer.error().http_status);
  }

  Result<void> put(std::span<const alarm::Datum> some, WallTime now) {
    if (auto taken = desk->put(some, now); !taken) return taken;
    data += some.size();
    if (observer) {
      for (const auto& one : some) observer(one);
    }
    return {};
  }

  http::Response put_metric_data(const Parameters& parameters, WallTime now, const std::string& id) {
    const auto read = read_metric_data(parameters, now);
    if (!read) return failure(read.error(), Protocol::query, id);
    if (const auto taken = put(*read, now); !taken) {
      return failure(problem_of(taken.error()), Protocol::query, id);
    }
    return success("PutMetricData", "", id);
  }

  http::Response describe_alarms(const Parameters& parameters, const std::string& id) {
    auto request = read_describe(parameters);
    if (!request) return failure(request.error(), Protocol::query, id);
    std::vector<alarm::AlarmInfo> found;
    std::optional<alarm::AlarmKey> after;
    const std::size_t page = request->filter.most;
    if (request->nothing) {
      // No alarm here is of the types asked for.
    } else if (!request->names.empty()) {
      found = desk->describe(request->names);
      std::erase_if(found, [&](const alarm::AlarmInfo& info) {
        return request->filter.state && info.state != *request->filter.state;
      });
    } else {
      ++request->filter.most; // one more tells whether there is another page
      found = desk->describe(request->filter);
      if (found.size() > page) {
        found.resize(page);
        after = found.back().key;
      }
    }
    const std::string arn_prefix =
        fmt::format("arn:aws:cloudwatch:{}:{}:alarm:", settings.region, settings.account);
    return success("DescribeAlarms", describe_result(found, after, arn_prefix), id);
  }

  /// Answers when the desk is done.
  static Desk::Done replying(std::string_view action, const std::string& id, http::Reply reply) {
    return [action = std::string(action), id, reply = std::move(reply)](const Result<void>& result) {
      reply(result ? success(action, "", id) : failure(problem_of(result.error()), Protocol::query, id));
    };
  }

  void dispatch(const Parameters& parameters, WallTime now, const std::string& id, http::Reply reply) {
    const std::string action = parameters.text_or("Action", "");
    const auto refuse = [&](const Problem& why) { reply(failure(why, Protocol::query, id)); };
    if (action == "PutMetricData") {
      reply(put_metric_data(parameters, now, id));
    } else if (action == "DescribeAlarms") {
      reply(describe_alarms(parameters, id));
    } else if (action == "PutMetricAlarm") {
      auto definition = read_definition(parameters);
      if (!definition) return refuse(definition.error());
      desk->define(std::move(*definition), now, replying(action, id, std::move(reply)));
    } else if (action == "DeleteAlarms") {
      const auto names = read_names(parameters);
      if (!names) return refuse(names.error());
      desk->erase(*names, replying(action, id, std::move(reply)));
    } else if (action == "SetAlarmState") {
      auto request = read_set_state(parameters);
      if (!request) return refuse(request.error());
      desk->set_state(request->name, request->state, std::move(request->reason),
                      std::move(request->reason_data), now, replying(action, id, std::move(reply)));
    } else if (action.empty()) {
      refuse({"MissingAction", 400, "The request must contain the parameter Action."});
    } else {
      refuse({"InvalidAction", 400,
              "Could not find operation " + std::string(cut_utf8(action, 100)) +
                  "; this endpoint has PutMetricData, PutMetricAlarm, DescribeAlarms, DeleteAlarms and "
                  "SetAlarmState."});
    }
  }
};

Endpoint::Endpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Endpoint::~Endpoint() = default;

Result<std::unique_ptr<Endpoint>> Endpoint::open(Settings settings, std::vector<alarm::Rule> rules,
                                                 journal::Records& records, const runtime::Clock& clock,
                                                 Sink sink, Observer observer) {
  auto impl =
      std::make_unique<Impl>(std::move(settings), records, clock, std::move(sink), std::move(observer));
  if (auto loaded = impl->desk->load(std::move(rules), records); !loaded) {
    return tl::unexpected<Error>(loaded.error());
  }
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(impl)));
}

void Endpoint::handle(const http::Request& request, http::Reply reply) {
  const std::string id = impl_->next_request_id();
  const WallTime now = impl_->clock.wall();
  const Protocol protocol = protocol_of(request);
  if (const auto checked = impl_->check_signature(request, now); !checked) {
    return reply(failure(checked.error(), protocol, id));
  }
  if (protocol != Protocol::query) {
    return reply(
        failure({"UnsupportedProtocol", 400,
                 "This endpoint speaks the AWS Query protocol only; the client asked for another one."},
                protocol, id));
  }
  const auto parameters = read_parameters(request);
  if (!parameters) return reply(failure(parameters.error(), protocol, id));
  impl_->dispatch(*parameters, now, id, std::move(reply));
}

Result<void> Endpoint::put(std::span<const alarm::Datum> data) {
  return impl_->put(data, impl_->clock.wall());
}

WallTime Endpoint::evaluate(WallTime now) {
  return impl_->desk->evaluate(now);
}

void Endpoint::set_rules(std::vector<alarm::Rule> rules) {
  impl_->desk->set_rules(std::move(rules));
}

void Endpoint::set_access_keys(std::vector<AccessKey> access_keys) {
  const std::lock_guard lock(impl_->keys_mutex);
  impl_->access_keys = std::move(access_keys);
}

Endpoint::Counts Endpoint::counts() const {
  Counts counts;
  counts.requests = impl_->requests;
  counts.refused_signatures = impl_->refused_signatures;
  counts.data = impl_->data;
  impl_->desk->count_into(counts);
  return counts;
}

} // namespace kaden::cloudwatch
