#include "sources.h"

#include <algorithm>
#include <set>
#include <utility>

#include "aws_parts.h"
#include "kaden/old_alarm_log.h"
#include "kaden/queue_source.h"
#include "kaden/status_page.h"
#include "network.h"
#include "snmp.h"
#include "vcenter.h"
#include "watched_logs.h"

namespace kaden::app {

namespace {

/// Not the same for two pages, nor for two installations.
std::uint64_t seed_of(const std::string& installation, const std::string& page) {
  const Sha256 digest = sha256(installation + "/" + page);
  std::uint64_t seed = 0;
  for (std::size_t i = 0; i < sizeof seed; ++i) seed = seed << 8U | digest.at(i);
  return seed;
}

source::StatusPageSettings settings_of(const config::StatusPage& page) {
  source::StatusPageSettings settings;
  settings.watch.page = page.id;
  settings.watch.filter = page.filter;
  settings.watch.first_age_max = page.first_age_max;
  settings.watch.unreadable_after = page.unreadable_after;
  settings.watch.maintenance_too = page.maintenance_too;
  settings.alarms.spoken_name = page.name;
  settings.alarms.severities = page.severities;
  for (const auto& rule : statusfeed::default_severity_rules()) settings.alarms.severities.push_back(rule);
  settings.alarms.unreadable = page.unreadable;
  settings.url = page.url;
  settings.poll = page.poll;
  settings.timeout = page.timeout;
  settings.allow_plain = page.allow_plain;
  settings.ca_file = page.ca_file;
  settings.certificate_pin = pin_of(page.certificate_sha256);
  settings.user_agent = "kaden/" KADEN_VERSION;
  return settings;
}

mail::WatcherSettings settings_of(const config::MailListener& listener) {
  mail::WatcherSettings settings;
  settings.listener.name = listener.id;
  settings.listener.address = listener.address;
  settings.listener.port = listener.port;
  settings.listener.hostname = listener.hostname;
  settings.listener.senders = listener.senders;
  settings.listener.recipients = listener.recipients;
  settings.listener.networks = listener.networks;
  settings.listener.certificate_file = listener.certificate_file;
  settings.listener.key_file = listener.key_file;
  settings.listener.allow_plain = listener.allow_plain;
  settings.listener.message_bytes_max = listener.message_bytes_max;
  settings.spoken_name = listener.name;
  settings.unreadable_after = listener.unreadable_after;
  settings.silent_after = listener.silent_after;
  settings.silent = listener.silent;
  return settings;
}

/// Nothing before the first look.
std::optional<bool> is_readable(const source::Standing& standing) {
  if (!standing.looked_at) return std::nullopt;
  return standing.trouble.empty();
}

json::value hint_of(source::Hint hint) {
  switch (hint) {
    case source::Hint::none:
      return nullptr;
    case source::Hint::old_alarm_log:
      return json::object{{"ja", logalarms::old_alarm_log_hint(Language::ja)},
                          {"en", logalarms::old_alarm_log_hint(Language::en)}};
    case source::Hint::encoding:
      return json::object{{"ja", logs::encoding_hint(Language::ja)},
                          {"en", logs::encoding_hint(Language::en)}};
  }
  return nullptr;
}

const std::string network_thing = "network";
const std::string snmp_thing = "snmp"; // traps of senders that are no devices of the file

/// What is watched, as the ledger calls it; a source's own key in the records.
std::set<std::string> things_of(const config::Sources& settings) {
  std::set<std::string> things;
  for (const auto& page : settings.status_pages) things.insert("status/" + page.id);
  for (const auto& vcenter : settings.vcenters) things.insert("vcenter/" + vcenter.id);
  for (const auto& listener : settings.mail) things.insert("mail/" + listener.id);
  for (const auto& log : settings.logs) things.insert("log/" + log.id);
  for (const auto& queue : settings.queues) things.insert("queue/" + queue.webhook);
  if (settings.network) things.insert(network_thing);
  if (settings.snmp) {
    things.insert(snmp_thing);
    for (const auto& device : settings.snmp->devices) things.insert(snmp_thing + "/" + device.id);
  }
  return things;
}

source::Ledger::ThingOf snmp_things(const config::Snmp& snmp) {
  std::set<std::string> devices;
  for (const auto& device : snmp.devices) devices.insert(device.id);
  return [devices = std::move(devices)](const AlarmEvent& event) {
    const auto is = [&](const char* label, const auto& fits) {
      const auto found = event.labels.find(label);
      return found != event.labels.end() && fits(found->second);
    };
    const auto device = event.labels.find("device");
    const bool is_ours = is("device", [&](const std::string& id) { return devices.contains(id); }) &&
                         !is("kind", [](const std::string& kind) { return kind == "dropping"; });
    return is_ours ? snmp_thing + "/" + device->second : snmp_thing;
  };
}

/// Where a source keeps what it knows of a thing.
std::vector<source::Ledger::Shelf> shelves_of(const std::string& thing) {
  if (thing == network_thing || thing == snmp_thing) return {{thing, ""}, {"outbox/" + thing, ""}};
  const std::string name = thing.substr(thing.find('/') + 1);
  if (thing.starts_with(snmp_thing + "/")) {
    return {{snmp_thing, "alarm/" + name + "/"}, {snmp_thing, "readability/" + name}};
  }
  std::vector<source::Ledger::Shelf> shelves{{"source_state", thing}, {"outbox/" + thing, ""}};
  if (thing.starts_with("vcenter/")) shelves.emplace_back("vcenter_alarm", name + "/");
  return shelves;
}

json::value time_or_null(const std::optional<WallTime>& at) {
  return at ? json::value(to_iso8601(*at)) : json::value(nullptr);
}

} // namespace

struct JournalIntake::Desk {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_closed = false; // guarded by mutex
};

JournalIntake::JournalIntake(writer::Writer& writer) : writer_(writer), desk_(std::make_shared<Desk>()) {}

Result<void> JournalIntake::report(std::vector<AlarmEvent> events) {
  std::vector<incident::Input> inputs;
  inputs.reserve(events.size());
  for (AlarmEvent& event : events) inputs.emplace_back(incident::AlarmReported{std::move(event)});
  return submit(std::move(inputs));
}

Result<void> JournalIntake::report_taken(AlarmEvent event, std::string by) {
  std::vector<incident::Input> inputs;
  inputs.emplace_back(incident::AlarmReported{std::move(event), std::move(by)});
  return submit(std::move(inputs));
}

Result<std::map<std::string, std::string>> JournalIntake::who_took(const std::string& source,
                                                                   const std::vector<std::string>& alarms) {
  using Found = std::map<std::string, std::string>;
  if (alarms.empty()) return Found{};
  const auto answer = std::make_shared<std::optional<Found>>(); // guarded by the desk's mutex
  const auto asked = writer_.ask([desk = desk_, answer, source, alarms](const incident::Engine& engine) {
    Found found;
    for (const std::string& alarm : alarms) {
      const auto holder = engine.holder(source, alarm);
      if (holder && holder->state == incident::IncidentState::acknowledged) {
        found.emplace(alarm, holder->acknowledged_by);
      }
    }
    std::lock_guard lock(desk->mutex);
    *answer = std::move(found);
    desk->changed.notify_all();
  });
  if (!asked) return tl::unexpected(asked.error());
  std::unique_lock lock(desk_->mutex);
  desk_->changed.wait(lock, [&] { return answer->has_value() || desk_->is_closed; });
  if (!answer->has_value()) return fail(Fault::unavailable, "Kaden is shutting down");
  return std::move(**answer);
}

Result<void> JournalIntake::submit(std::vector<incident::Input> inputs) {
  if (is_closed()) return fail(Fault::unavailable, "Kaden is shutting down");
  const auto answer = std::make_shared<std::optional<Result<void>>>(); // guarded by the desk's mutex
  auto taken = writer_.submit(
      std::move(inputs),
      [desk = desk_, answer](const Result<incident::Position>& committed, const incident::Engine&) {
        std::lock_guard lock(desk->mutex);
        *answer = committed ? Result<void>() : tl::unexpected(committed.error());
        desk->changed.notify_all();
      });
  if (!taken) return taken;
  std::unique_lock lock(desk_->mutex);
  desk_->changed.wait(lock, [&] { return answer->has_value() || desk_->is_closed; });
  if (!answer->has_value()) return fail(Fault::unavailable, "Kaden is shutting down");
  return **answer;
}

bool JournalIntake::is_closed() const {
  std::lock_guard lock(desk_->mutex);
  return desk_->is_closed;
}

void JournalIntake::close() {
  {
    std::lock_guard lock(desk_->mutex);
    desk_->is_closed = true;
  }
  desk_->changed.notify_all();
}

Sources::Sources(writer::Writer& writer, journal::Records& records, const runtime::Clock& clock,
                 std::string installation)
    : records_(records),
      clock_(clock),
      installation_(std::move(installation)),
      journal_(writer),
      ledger_(journal_, records) {}

Sources::~Sources() {
  stop();
}

void Sources::watch(const config::Sources& settings) {
  replace(nullptr); // nothing is ever watched by two at once
  intakes_.clear();
  end_what_is_gone(settings);
  replace(std::make_unique<source::Watching>(watchers_of(settings), clock_));
}

void Sources::stop() {
  journal_.close();
  replace(nullptr);
}

source::Intake& Sources::intake_of(source::Ledger::ThingOf thing_of) {
  return *intakes_.emplace_back(ledger_.intake(std::move(thing_of)));
}

source::Intake& Sources::intake_of(const std::string& thing) {
  return intake_of([thing](const AlarmEvent&) { return thing; });
}

/// Nobody else would ever end what was told of them.
void Sources::end_what_is_gone(const config::Sources& settings) {
  const auto ended = ledger_.end_all_but(things_of(settings), clock_.wall(), shelves_of);
  if (!ended)
    say_("alarms of what is no longer watched stay open until the next start: " + ended.error().message);
}

void Sources::connect_logs(logs::Keep keep, std::function<void(const std::string&)> say) {
  keep_ = std::move(keep);
  if (say) say_ = std::move(say);
}

void Sources::replace(std::unique_ptr<source::Watching> watching) {
  {
    std::lock_guard lock(mutex_);
    std::swap(watching_, watching);
  }
  // The old one ends here, outside the lock: it waits for its looks.
}

std::vector<source::Standing> Sources::standings() const {
  std::lock_guard lock(mutex_);
  return watching_ ? watching_->standings() : std::vector<source::Standing>{};
}

std::vector<std::unique_ptr<source::Watcher>> Sources::watchers_of(const config::Sources& settings) {
  std::vector<std::unique_ptr<source::Watcher>> watchers;
  for (const auto& page : settings.status_pages) watchers.push_back(watcher_of(page));
  for (const auto& each : settings.vcenters) {
    watchers.push_back(vcenter::watch_vcenter(
        settings_of(each), {intake_of("vcenter/" + each.id), records_, clock_,
                            [this](const http::ClientRequest& request) { return client_.send(request); }}));
  }
  if (settings.network) watchers.push_back(watcher_of(*settings.network));
  if (settings.snmp) {
    for (auto& watcher : snmp::watch_snmp(settings_of(*settings.snmp, installation_),
                                          {intake_of(snmp_things(*settings.snmp)), records_, clock_}))
      watchers.push_back(std::move(watcher));
  }
  for (const auto& each : settings.mail) {
    require(take_mail_ != nullptr, "mails have a place to go to");
    watchers.push_back(
        mail::watch_mail(settings_of(each), {intake_of("mail/" + each.id), records_, clock_, take_mail_}));
  }
  const std::string host = name_of_host();
  for (const auto& log : settings.logs) {
    watchers.push_back(logs::watch_log(settings_of(log, host),
                                       {intake_of("log/" + log.id), records_, clock_, keep_, taps_, say_}));
  }
  watch_queues(settings, watchers);
  return watchers;
}

/// All with the keys of one chain; each with a client of its own, whose clock and patience are its service's.
void Sources::watch_queues(const config::Sources& settings,
                           std::vector<std::unique_ptr<source::Watcher>>& watchers) {
  aws_clients_.clear();
  aws_keys_.reset();
  if (settings.queues.empty()) return;
  require(take_message_ != nullptr, "messages of queues have a place to go to");
  const aws::World world = aws::system_world(client_, clock_);
  aws_keys_ = credentials_of(settings.aws, world);
  for (const auto& each : settings.queues) {
    aws_clients_.push_back(
        std::make_unique<aws::Client>(sqs_client_of(settings.aws, each, world), world, *aws_keys_));
    queue::Settings queue;
    queue.name = each.webhook;
    queue.spoken_name = each.name;
    queue.url = each.url;
    queue.unreadable_after = each.unreadable_after;
    queue.unreadable = each.unreadable;
    const auto take = [this, name = each.webhook](std::string body, const queue::Settle& settle) {
      take_message_(name, std::move(body), [settle](int status) {
        settle(status < 300   ? queue::Settled::stored
               : status < 500 ? queue::Settled::odd
                              : queue::Settled::later);
      });
    };
    watchers.push_back(queue::watch_queue(std::move(queue), {intake_of("queue/" + each.webhook), records_,
                                                             clock_, *aws_clients_.back(), take}));
  }
}

void Sources::send_metrics_to(std::function<void(const std::vector<alarm::Datum>&)> metrics) {
  metrics_ = std::move(metrics);
}

void Sources::hear(const alarm::Datum& datum) const {
  std::shared_ptr<network::Readings> readings;
  {
    std::lock_guard lock(mutex_);
    readings = readings_;
  }
  if (readings) give(datum, *readings);
}

std::unique_ptr<source::Watcher> Sources::watcher_of(const config::Network& network) {
  auto readings = std::make_shared<network::Readings>(network.vantage);
  {
    std::lock_guard lock(mutex_);
    readings_ = readings;
  }
  const auto tell = [this](const std::string& path, const std::string& probe, const std::string& vantage,
                           const std::vector<probe::Measure>& measures, WallTime at) {
    if (metrics_) metrics_(data_of(path, probe, vantage, measures, at));
  };
  return network::watch_network(settings_of(network),
                                {intake_of(network_thing), records_, clock_, std::move(readings), tell});
}

std::unique_ptr<source::Watcher> Sources::watcher_of(const config::StatusPage& page) {
  auto settings = settings_of(page);
  settings.seed = seed_of(installation_, page.id);
  return source::watch_status_page(
      std::move(settings), clock_, intake_of("status/" + page.id), records_,
      [this](const http::ClientRequest& request) { return client_.send(request); });
}

json::value to_json(const std::vector<source::Standing>& standings) {
  json::array list;
  for (const auto& standing : standings) {
    const auto readable = is_readable(standing);
    list.push_back(json::object{{"source", standing.source},
                                {"name", standing.name},
                                {"readable", readable ? json::value(*readable) : json::value(nullptr)},
                                {"looked_at", time_or_null(standing.looked_at)},
                                {"read_at", time_or_null(standing.read_at)},
                                {"looks", standing.looks},
                                {"failures", standing.failures},
                                {"events", standing.events},
                                {"trouble", standing.trouble}});
    if (!standing.counts.empty()) {
      json::object counts;
      for (const auto& [what, count] : standing.counts) counts[what] = count;
      list.back().get_object().emplace("counts", std::move(counts));
    }
    if (standing.hint != source::Hint::none) {
      list.back().get_object().emplace("hint", hint_of(standing.hint));
    }
  }
  return json::object{{"sources", std::move(list)}};
}

void add_metrics(const std::vector<source::Standing>& standings, std::vector<api::Metric>& out) {
  using api::MetricKind;
  api::Metric looks{
      "kaden_source_looks_total", "Looks at what is watched from outside.", MetricKind::counter, {}, {}};
  api::Metric failures{"kaden_source_failures_total", "Looks that met trouble.", MetricKind::counter, {}, {}};
  api::Metric events{"kaden_source_events_total",
                     "Alarm events that came of the looks and are durable.",
                     MetricKind::counter,
                     {},
                     {}};
  api::Metric readable{
      "kaden_source_readable", "1 when the last look met no trouble.", MetricKind::gauge, {}, {}};
  api::Metric counts{
      "kaden_source_count_total",
      "What a source has counted since it was begun, by `what`; docs/logs.md and docs/network.md tell the "
      "words.",
      MetricKind::counter,
      {},
      {}};
  api::Metric levels{
      "kaden_source_level", "What a source counts at this moment, by `what`.", MetricKind::gauge, {}, {}};
  for (const auto& standing : standings) {
    const auto add_all = [&](api::Metric& metric, const std::map<std::string, std::uint64_t>& all) {
      for (const auto& [what, count] : all) {
        metric.samples.push_back({{{"source", standing.source}, {"name", standing.name}, {"what", what}},
                                  static_cast<double>(count)});
      }
    };
    add_all(counts, standing.counts);
    add_all(levels, standing.levels);
    const auto add = [&](api::Metric& metric, double value) {
      metric.samples.push_back({{{"source", standing.source}, {"name", standing.name}}, value});
    };
    add(looks, static_cast<double>(standing.looks));
    add(failures, static_cast<double>(standing.failures));
    add(events, static_cast<double>(standing.events));
    add(readable, is_readable(standing).value_or(false) ? 1 : 0);
  }
  if (standings.empty()) return;
  for (api::Metric* metric : {&counts, &levels}) {
    if (!metric->samples.empty()) out.push_back(std::move(*metric));
  }
  for (api::Metric* metric : {&looks, &failures, &events, &readable}) out.push_back(std::move(*metric));
}

} // namespace kaden::app
