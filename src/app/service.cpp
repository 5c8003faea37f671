#include "service.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <cstring>
#include <future>
#include <set>
#include <thread>

#include "descriptors.h"
#include "kaden/limits/health.h"
#include "kaden/sip_message.h"
#include "kaden/wav.h"
#include "metrics.h"
#include "watched_logs.h"

namespace kaden::app {

namespace {

constexpr Millis tick_every = Millis(500);
constexpr Millis part_max = seconds(2); // for far ends to answer CANCEL and BYE at shutdown

smithy::Permission permission_of(config::KeyRight right) {
  switch (right) {
    case config::KeyRight::ingest:
      return smithy::Permission::ingest;
    case config::KeyRight::alarms:
      return smithy::Permission::alarms;
    case config::KeyRight::read:
      break;
  }
  return smithy::Permission::read;
}

std::vector<cloudwatch::AccessKey> keys_of(const config::Settings& settings) {
  std::vector<cloudwatch::AccessKey> keys;
  for (const auto& key : settings.access_keys) {
    cloudwatch::AccessKey mine{key.id, key.secret, key.session_token, {}};
    for (const config::KeyRight right : key.may) mine.may.push_back(permission_of(right));
    mine.requests_per_second = key.requests_per_second;
    mine.bytes_per_second = key.bytes_per_second;
    mine.metrics = key.metrics;
    mine.namespaces = key.namespaces;
    mine.log_groups = key.log_groups;
    keys.push_back(std::move(mine));
  }
  return keys;
}

api::May may_of(config::Right right) {
  switch (right) {
    case config::Right::events:
      return api::May::events;
    case config::Right::read:
      return api::May::read;
    case config::Right::act:
      return api::May::act;
  }
  return api::May::read;
}

std::vector<api::Token> tokens_of(const config::Settings& settings) {
  std::vector<api::Token> tokens;
  for (const auto& token : settings.tokens) {
    api::Token mine{token.name, sha256(token.secret), {}};
    for (const config::Right right : token.may) mine.may.push_back(may_of(right));
    tokens.push_back(std::move(mine));
  }
  return tokens;
}

/// "10.0.0.5" of "sip:kaden@10.0.0.5:5060;transport=udp".
std::string host_of_uri(std::string_view uri) {
  const std::size_t at = uri.find('@');
  std::string_view host = uri.substr(at == std::string_view::npos ? uri.find(':') + 1 : at + 1);
  return std::string(host.substr(0, host.find_first_of(":;?")));
}

/// For `POST /api/v1/check`: the text is judged alone, so secrets are taken as given and no file is read.
std::vector<std::string> check_text(const std::string& text) {
  const config::Environment nowhere{
      [](const std::string&) -> Result<config::FileText> {
        return config::FileText{"not-read", 0600};
      },
      [](const std::string&) { return std::optional<std::string>("not-read"); }};
  const auto parsed = config::parse(text, "kaden.yaml", nowhere);
  std::vector<std::string> errors;
  if (parsed) return errors;
  for (const std::string_view line : split(parsed.error().message, '\n')) errors.emplace_back(line);
  return errors;
}

} // namespace

std::vector<Language> languages_of(const config::Settings& settings) {
  std::set<Language> spoken;
  for (const auto& person : settings.engine.people) spoken.insert(person.language);
  return {spoken.begin(), spoken.end()};
}

speech::SpeechSettings voices_of(const config::Settings& settings) {
  speech::SpeechSettings voices;
  voices.open_jtalk = settings.speech.open_jtalk;
  voices.dictionary = settings.speech.dictionary;
  voices.voice_ja = settings.speech.voice_ja;
  return voices;
}

Service::Service(config::Settings settings, const runtime::Clock& clock, Witnesses witnesses)
    : settings_(std::move(settings)), clock_(clock), witnesses_(std::move(witnesses)) {}

Service::~Service() {
  stop();
}

Result<std::unique_ptr<Service>> Service::create(config::Settings settings, const runtime::Clock& clock,
                                                 Witnesses witnesses) {
  std::unique_ptr<Service> service(new Service(std::move(settings), clock, std::move(witnesses)));
  for (const auto step : {&Service::open_stores, &Service::open_speech, &Service::open_carrier}) {
    if (const auto done = (service.get()->*step)(); !done) return tl::unexpected(done.error());
  }
  service->writer_ = std::make_unique<writer::Writer>(*service->journal_, clock, *service->dispatcher_);
  std::map<std::string, carrier::Carrier*> carriers;
  if (service->carrier_) carriers.emplace("sip", service->carrier_.get());
  service->dispatcher_->connect(*service->writer_, std::move(carriers));
  service->triage_ = std::make_unique<TriageDesk>(*service->writer_, clock);
  service->dispatcher_->connect_triage(
      [desk = service->triage_.get()](const incident::AskTriage& question) { desk->ask(question); });
  if (const auto recovered = service->writer_->recover(); !recovered)
    return tl::unexpected(recovered.error());
  service->sources_ = std::make_unique<Sources>(*service->writer_, *service->records_, clock,
                                                service->journal_->installation());
  auto chat = ChatDesk::open(service->settings_, *service->writer_, *service->records_, clock);
  if (!chat) return fail_while("opening the chat", chat.error());
  service->chat_ = std::move(*chat);
  service->open_archive();
  if (const auto opened = service->open_endpoint(); !opened) return tl::unexpected(opened.error());
  service->sources_->connect_logs(service->logs_ && service->logs_->store() != nullptr
                                      ? keep_in(*service->logs_->store())
                                      : keep_nowhere(),
                                  service->witnesses_.notices);
  service->open_api();
  return service;
}

Result<void> Service::open_stores() {
  const std::string& folder = settings_.store_folder;
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Fault::unavailable, fmt::format("store.folder: cannot create {}: {}", folder,
                                                std::error_code(errno, std::generic_category()).message()));
  }
  const std::string path = folder + "/journal.db";
  auto journal = journal::open_sqlite(path);
  if (!journal) return fail_while("opening the journal " + path, journal.error());
  journal_ = std::move(*journal);
  auto records = journal::open_records(path);
  if (!records) return fail_while("opening the records in " + path, records.error());
  records_ = std::move(*records);
  return {};
}

Result<void> Service::open_speech() {
  auto voices = voices_of(settings_);
  voices.cache_folder = settings_.speech.cache_folder;
  speech_ = std::make_unique<speech::Speech>(voices);
  if (const auto works = speech_->check(languages_of(settings_)); !works)
    return fail_while("trying the voices", works.error());
  dispatcher_ =
      std::make_unique<Dispatcher>(clock_, *speech_, feed_, [this](const incident::TimelineEntry& entry) {
        witnesses_.log(entry);
        if (chat_) chat_->tell(entry);
        triage_->note(entry);
      });
  return {};
}

Result<void> Service::open_carrier() {
  if (!settings_.sip) return {};
  const config::Sip& sip = *settings_.sip;
  carrier::SipSettings settings;
  settings.bind_ip = sip.bind;
  settings.port = sip.port;
  settings.advertised = sip.advertise;
  settings.from_user = std::string(sip::user_of_uri(sip.from));
  settings.from_host = host_of_uri(sip.from);
  settings.from_display = sip.display;
  settings.proxy = sip.proxy;
  settings.auth_user = sip.user;
  settings.auth_password = sip.password;
  settings.rtp_first = sip.rtp_ports.first;
  settings.rtp_last = sip.rtp_ports.last;
  settings.rtp_symmetric = sip.rtp_symmetric;
  settings.require_media = sip.require_media;
  auto opened = carrier::SipCarrier::start(settings, *dispatcher_, clock_);
  if (!opened) return fail_while("opening the SIP carrier", opened.error());
  carrier_ = std::move(*opened);
  sip_address_ = sip.bind;
  return {};
}

Result<void> Service::open_endpoint() {
  cloudwatch::Settings settings;
  settings.access_keys = keys_of(settings_);
  settings.allow_unsigned_on_loopback = settings_.allow_unsigned_on_loopback;
  settings.region = settings_.arns.region;
  settings.account = settings_.arns.account;
  auto opened = cloudwatch::Endpoint::open(
      settings, settings_.alarms, *records_, clock_,
      [this](AlarmEvent event, const std::function<void(bool)>& told) {
        std::vector<incident::Input> inputs;
        inputs.emplace_back(incident::AlarmReported{std::move(event)});
        const auto taken = writer_->submit(
            std::move(inputs), [told](const Result<incident::Position>& committed, const incident::Engine&) {
              told(committed.has_value());
            });
        if (!taken) told(false);
      },
      [this](const alarm::Datum& datum, const std::string& access_key_id) {
        if (archive_) archive_->put(datum, access_key_id);
        sources_->hear(datum);
        if (witnesses_.datum) witnesses_.datum(datum, access_key_id);
      });
  if (!opened) return fail_while("reading the alarms", opened.error());
  endpoint_ = std::move(*opened);
  // A full store costs the probes' history; what they find is told without it.
  sources_->send_metrics_to(
      [this](const std::vector<alarm::Datum>& data) { static_cast<void>(endpoint_->put(data)); });
  if (settings_.logs.keep > Millis(0))
    logs_ = Logs::open(settings_, clock_, *endpoint_, sources_->taps(), witnesses_.notices);
  if (!archive_) return {};
  recalled_ = archive_->recall(*endpoint_);
  endpoint_->set_past([this](cloudwatch::PastQuery query,
                             std::function<void(Result<std::vector<cloudwatch::PastSeries>>)> done) {
    archive_->read(std::move(query), std::move(done));
  });
  return {};
}

void Service::open_archive() {
  if (settings_.metrics.keep <= Millis(0)) return;
  datapoints::Settings settings;
  settings.path = settings_.store_folder + "/metrics.db";
  settings.keep = settings_.metrics.keep;
  settings.bytes_max = settings_.metrics.bytes_max;
  archive_ = std::make_unique<Archive>(std::move(settings), clock_, witnesses_.notices);
}

void Service::open_api() {
  api::Services services;
  services.speak = [this](script::Utterance utterance, const std::function<void(Result<std::string>)>& done) {
    dispatcher_->speak(std::move(utterance), [done](Result<speech::AudioPtr> audio) {
      if (!audio) return done(tl::unexpected(audio.error()));
      done(media::wav_file((*audio)->samples));
    });
  };
  services.check_config = check_text;
  services.sources = [this] {
    auto standings = sources_->standings();
    for (const std::string& group : logs_ ? logs_->old_alarm_groups() : std::set<std::string>{}) {
      source::Standing& sent = standings.emplace_back();
      sent.source =
          "log group"; // what is sent to it is no source that Kaden watches; the hint is for its owner
      sent.name = group;
      sent.hint = source::Hint::old_alarm_log;
    }
    return to_json(standings);
  };
  services.more_metrics = [this] { return more_metrics(); };
  services.troubles = [this] { return health_.troubles(clock_.steady()); };
  webhooks_ = open_webhooks(settings_, clock_, *writer_, witnesses_.notices);
  services.more_calls = webhooks_->calls();
  mails_ = open_mails(settings_, clock_, *writer_, witnesses_.notices);
  for (api::Call& call : mails_->calls()) services.more_calls.push_back(std::move(call));
  sources_->set_mail(mails_->take());
  sources_->set_messages(
      [this](const std::string& webhook, std::string body, const std::function<void(int)>& settle) {
        webhooks_->deliver(webhook, std::move(body), settle);
      });
  api_ = std::make_unique<api::Api>(*writer_, feed_, clock_, tokens_of(settings_), std::move(services));
}

std::vector<script::Utterance> Service::standing_sentences() const {
  // What every call says beside its own message: rendered ahead, so that a dial waits for one sentence at
  // most.
  std::set<Language> languages;
  for (const auto& person : settings_.engine.people) languages.insert(person.language);
  std::vector<script::Utterance> sentences;
  for (const Language language : languages) {
    const auto script = script::make_call_script(language, script::default_message(language, {}), false);
    for (std::size_t i = 0; i < script::line_count; ++i) {
      if (static_cast<script::Line>(i) != script::Line::message) sentences.push_back(script.lines[i]);
    }
  }
  return sentences;
}

Result<void> Service::start() {
  for (const auto& sentence : standing_sentences()) {
    if (const auto audio = speech_->render(sentence); !audio) {
      return fail_while("rendering \"" + script::to_text(sentence) + "\"", audio.error());
    }
  }
  started_ = true;
  std::vector<incident::Input> first;
  first.emplace_back(incident::ConfigChanged{settings_.engine});
  triage_->set(settings_.triage_model, settings_.sources.aws);
  writer_->start(std::move(first));
  timers_ = std::make_unique<runtime::Worker>(clock_, "kaden-timers");
  speech_checked_ = clock_.steady(); // create() has tried the voices
  tick();
  http::ServerSettings listen;
  listen.address = settings_.listen.address;
  listen.port = settings_.listen.port;
  listen.connections_max = http_connections_of(raise_descriptor_limit());
  listen.connections_per_peer_max = listen.connections_max / 2;
  listen.certificate_file = settings_.listen.certificate_file;
  listen.key_file = settings_.listen.key_file;
  listen.refused = [this](const http::Request& head, int status) {
    auto mine = webhooks_->refused(head, status);
    return mine ? mine : endpoint_->refused(head, status);
  };
  server_ = std::make_unique<http::Server>(
      listen, [this](http::Request request, const http::Reply& reply) { handle(std::move(request), reply); });
  if (const auto listening = server_->start(); !listening) {
    return fail_while(fmt::format("listening on {}:{}", listen.address, listen.port), listening.error());
  }
  sources_->watch(settings_.sources);
  return {};
}

void Service::stop() {
  if (!started_) return;
  started_ = false;
  // Nothing more goes out, open dialogs are ended at the far end, and what was taken is committed; from then
  // on senders are told to come again. Calls stay open in the journal: the next start recovers them, as after
  // a crash.
  dispatcher_->close(EndReason::shutdown);
  const SteadyTime patience = clock_.steady() + part_max;
  while (carrier_ && carrier_->counts().live > 0 && clock_.steady() < patience) {
    std::this_thread::sleep_for(Millis(20));
  }
  sources_->stop();
  writer_->stop();
  timers_.reset();
  server_.reset();
  dispatcher_->stop();
}

Result<Differences> Service::reload(config::Settings settings) {
  const Differences differences = compare(settings_, settings);
  std::vector<incident::Input> inputs;
  inputs.emplace_back(incident::ConfigChanged{settings.engine});
  // The journal first: when it refuses, nothing has changed.
  std::promise<Result<incident::Position>> answer;
  const auto taken =
      writer_->submit(std::move(inputs), [&](const Result<incident::Position>& committed,
                                             const incident::Engine&) { answer.set_value(committed); });
  if (!taken) return tl::unexpected(taken.error());
  const auto committed = answer.get_future().get();
  if (!committed) return tl::unexpected(committed.error());
  const bool has_other_sources = settings.sources != settings_.sources;
  const bool has_other_model =
      settings.triage_model != settings_.triage_model || settings.sources.aws != settings_.sources.aws;
  settings_ = merge(settings_, std::move(settings));
  endpoint_->set_rules(settings_.alarms);
  if (logs_) logs_->set_filters(settings_.metric_filters);
  endpoint_->set_access_keys(keys_of(settings_));
  webhooks_->set(settings_.webhooks);
  mails_->set(settings_.sources.mail);
  api_->set_tokens(tokens_of(settings_));
  if (has_other_model) triage_->set(settings_.triage_model, settings_.sources.aws);
  if (has_other_sources) sources_->watch(settings_.sources);
  return differences;
}

void Service::handle(http::Request request, const http::Reply& reply) {
  http::Reply mine = reply;
  if (api_->handle(request, mine) || webhooks_->handle(request, mine)) return;
  if (chat_ && chat_->handle(request, mine)) return;
  endpoint_->handle(request, reply);
}

void Service::tick() {
  if (logs_) logs_->tick();
  endpoint_->evaluate(clock_.wall());
  feed_.sweep(clock_.steady());
  health_.look(look());
  check_speech_if_due();
  timers_->post_after(tick_every, [this] { tick(); });
}

Facts Service::look() const {
  Facts facts;
  facts.wall = clock_.wall();
  facts.steady = clock_.steady();
  facts.newest_entry = writer_->newest_at();
  facts.untold = endpoint_->counts().untold;
  facts.webhooks_trouble = webhooks_->trouble();
  facts.mail_trouble = mails_->trouble();
  facts.has_carrier = carrier_ != nullptr;
  if (carrier_) facts.carrier_trouble = trouble_with_own_address(sip_address_);
  DispatchCounts calls = dispatcher_->counts();
  facts.carrier_failures = calls.carrier_failures;
  facts.carrier_failure = std::move(calls.carrier_failure);
  facts.speech_trouble = std::move(calls.speech_trouble);
  if (archive_) facts.store_trouble = archive_->trouble();
  if (logs_) facts.logs_trouble = logs_->trouble();
  if (chat_) facts.chat_trouble = chat_->trouble();
  facts.triage_trouble = triage_->trouble();
  return facts;
}

void Service::check_speech_if_due() {
  const bool fails = !dispatcher_->counts().speech_trouble.empty();
  const Millis wait = fails ? limits::speech_check_soon : limits::speech_check_every;
  if (clock_.steady() - speech_checked_ < wait) return;
  speech_checked_ = clock_.steady();
  dispatcher_->check_speech(languages_of(settings_));
}

std::vector<api::Metric> Service::more_metrics() const {
  Figures figures;
  figures.calls = dispatcher_->counts();
  if (carrier_) figures.sip = carrier_->counts();
  figures.speech = speech_->counts();
  figures.alarms = endpoint_->counts();
  figures.requests = server_->counts();
  if (archive_) figures.stored = archive_->counts();
  auto metrics = metrics_of(figures);
  if (logs_) logs_->add_metrics(metrics);
  add_metrics(sources_->standings(), metrics);
  webhooks_->add_metrics(metrics);
  mails_->add_metrics(metrics);
  if (chat_) chat_->add_metrics(metrics);
  triage_->add_metrics(metrics);
  return metrics;
}

std::string Service::recovery_words() const {
  return fmt::format("installation {}, {} entries in the journal, {} replayed, {} datapoints given to alarms",
                     journal_->installation(), journal_->last_position(), writer_->replayed(), recalled_);
}

} // namespace kaden::app
