#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "desk.h"
#include "gate.h"
#include "kaden/cloudwatch.h"
#include "kaden/smithy_wire.h"
#include "operations.h"
#include "request_reading.h"

namespace kaden::cloudwatch {

namespace {

using ServicePtr = std::shared_ptr<const smithy::Service>;

http::Response response_of(smithy::Message message) {
  return {message.status, std::move(message.headers), std::move(message.body)};
}

/// How a request is answered: in its own protocol, under its own id.
struct Exchange {
  smithy::Protocol protocol;
  ServicePtr service;
  std::string id;
  http::Reply reply;

  void refuse(const Problem& why) const {
    reply(response_of(smithy::write_problem(protocol, *service, why, id)));
  }
  void answer(const smithy::Operation& operation, const Answer<Value>& answer) const {
    if (!answer) return refuse(answer.error());
    reply(response_of(smithy::write_output(protocol, *service, operation, *answer, id)));
  }
};

/// For requests to a service that is not here: enough to say so.
ServicePtr nobody() {
  static const auto none = [] {
    auto service = std::make_shared<smithy::Service>();
    service->query_compatible = true;
    return service;
  }();
  return none;
}

} // namespace

struct Endpoint::Impl {
  // Config
  Observer observer;
  // Borrowed
  const runtime::Clock& clock;
  // State
  std::string boot; // makes request ids differ between runs
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> data{0};
  std::atomic<std::uint64_t> refused_metrics{0};
  Gate gate;
  std::map<std::string, ServicePtr, std::less<>> services; // not changed once requests come
  // Owned
  std::shared_ptr<Desk> desk;

  Impl(const Settings& settings, journal::Records& records, const runtime::Clock& the_clock, Sink sink,
       Observer watch)
      : observer(std::move(watch)),
        clock(the_clock),
        boot(std::to_string(to_ms(the_clock.wall()))),
        gate(settings.allow_unsigned_on_loopback, settings.access_keys, the_clock),
        desk(std::make_shared<Desk>(records, the_clock, std::move(sink))) {
    const auto take = [this](const smithy::Caller& caller, const std::vector<alarm::Datum>& some) {
      const auto maker = gate.maker(caller.access_key_id);
      return put(some, caller.now, maker ? &*maker : nullptr);
    };
    serve(make_service(
        desk.get(), fmt::format("arn:aws:cloudwatch:{}:{}:alarm:", settings.region, settings.account), take));
  }

  void serve(smithy::Service service) {
    const std::string name = service.name;
    const bool added =
        services.emplace(name, std::make_shared<const smithy::Service>(std::move(service))).second;
    require(added, "a service is served once");
  }

  /// Query names no service: there is one that speaks it.
  ServicePtr find_service(const smithy::Call& call) const {
    for (const auto& [name, service] : services) {
      const bool by_protocol = call.protocol == smithy::Protocol::query && service->speaks(call.protocol);
      if (by_protocol || (call.protocol != smithy::Protocol::query && name == call.service)) return service;
    }
    return nullptr;
  }

  /// A UUID in form; unique, not secret.
  std::string next_request_id() {
    const std::string hex = sha256_hex(boot + "/" + std::to_string(++requests));
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20, 12));
  }

  Result<void> put(std::span<const alarm::Datum> some, WallTime now, const Maker* maker) {
    if (auto taken = desk->put(some, now, maker); !taken) {
      ++refused_metrics;
      return taken;
    }
    data += some.size();
    if (observer) {
      static const std::string nobody;
      for (const auto& one : some) observer(one, maker != nullptr ? maker->access_key_id : nobody);
    }
    return {};
  }

  std::optional<http::Response> refused(const http::Request& head, int status) {
    if (head.path != "/" && !head.path.starts_with("/service/")) return std::nullopt;
    const smithy::Call call = smithy::call_of(head.path, head.headers);
    const ServicePtr service = find_service(call);
    const Problem why =
        status == 413 ? Problem{"RequestEntityTooLarge", status, "The request body is larger than allowed."}
                      : Problem{"RequestTimeout", status, "The request took too long to arrive."};
    return response_of(
        smithy::write_problem(call.protocol, service ? *service : *nobody(), why, next_request_id()));
  }

  void handle(const http::Request& request, http::Reply reply) {
    const smithy::Call call = smithy::call_of(request.path, request.headers);
    const ServicePtr service = find_service(call);
    const WallTime now = clock.wall();
    const Exchange exchange{call.protocol, service ? service : nobody(), next_request_id(), std::move(reply)};
    if (!service) {
      return exchange.refuse({"InvalidAction", 400,
                              "There is no service " + std::string(cut_utf8(call.service, 100)) + " here."});
    }
    const auto pass = gate.admit(request, service->signing_name, now);
    if (!pass) return exchange.refuse(pass.error());
    const auto asked = read_asked(request, call, *service);
    if (!asked) return exchange.refuse(asked.error());
    const smithy::Served& served = *asked->served;
    if (auto may = gate.allow(*pass, served.permission, *service, served.operation.name); !may) {
      return exchange.refuse(may.error());
    }
    const auto input = read_input(call.protocol, *asked);
    if (!input) return exchange.refuse(input.error());
    if (auto may = gate.reach(*pass, served, *service, *input); !may) return exchange.refuse(may.error());
    served.run({pass->access_key_id, now, exchange.id}, *input,
               [exchange, operation = &served.operation](const Answer<Value>& answer) {
                 exchange.answer(*operation, answer);
               });
  }
};

Endpoint::Endpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Endpoint::~Endpoint() = default;

Result<std::unique_ptr<Endpoint>> Endpoint::open(const Settings& settings, std::vector<alarm::Rule> rules,
                                                 journal::Records& records, const runtime::Clock& clock,
                                                 Sink sink, Observer observer) {
  auto impl = std::make_unique<Impl>(settings, records, clock, std::move(sink), std::move(observer));
  if (auto loaded = impl->desk->load(std::move(rules), records); !loaded) {
    return tl::unexpected<Error>(loaded.error());
  }
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(impl)));
}

void Endpoint::serve(smithy::Service service) {
  impl_->serve(std::move(service));
}

Millis Endpoint::history_wanted(const alarm::MetricId& metric) const {
  return impl_->desk->history_wanted(metric);
}

void Endpoint::remember(std::span<const alarm::KnownMetric> known) {
  impl_->desk->remember(known);
}

Result<void> Endpoint::recall(std::span<const alarm::Datum> data, WallTime complete_until) {
  return impl_->desk->recall(data, complete_until);
}

void Endpoint::set_past(Past past) {
  impl_->desk->set_past(std::move(past));
}

void Endpoint::handle(const http::Request& request, http::Reply reply) {
  impl_->handle(request, std::move(reply));
}

std::optional<http::Response> Endpoint::refused(const http::Request& head, int status) {
  return impl_->refused(head, status);
}

Result<void> Endpoint::put(std::span<const alarm::Datum> data) {
  return impl_->put(data, impl_->clock.wall(), nullptr);
}

WallTime Endpoint::evaluate(WallTime now) {
  return impl_->desk->evaluate(now);
}

void Endpoint::set_rules(std::vector<alarm::Rule> rules) {
  impl_->desk->set_rules(std::move(rules), impl_->clock.wall());
}

void Endpoint::set_access_keys(const std::vector<AccessKey>& access_keys) {
  impl_->gate.set_keys(access_keys);
}

Endpoint::Counts Endpoint::counts() const {
  Counts counts;
  const Gate::Counts gate = impl_->gate.counts();
  counts.requests = impl_->requests;
  counts.refused_signatures = gate.refused_signatures;
  counts.throttled = gate.throttled;
  counts.denied = gate.denied;
  counts.refused_metrics = impl_->refused_metrics;
  counts.data = impl_->data;
  impl_->desk->count_into(counts);
  return counts;
}

} // namespace kaden::cloudwatch
