// The command line. Each command is a few lines here; what it does is in the file named after it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

#include "demo.h"
#include "import.h"
#include "kaden/agent.h"
#include "kaden/app.h"
#include "local.h"
#include "mail_commands.h"
#include "rehearse.h"
#include "remote.h"
#include "secret.h"
#include "serve.h"
#include "triage_eval.h"
#include "vcenter.h"

namespace kaden::app {

namespace {

/// How every command that people read takes its language and its colours.
struct LookOptions {
  std::string language;
  std::string color = "auto";

  void add_language(CLI::App* command) {
    command->add_option("--lang", language, "ja or en; from LANG when not given")
        ->check(CLI::IsMember({"ja", "en"}));
  }
  void add_color(CLI::App* command) {
    command->add_option("--color", color, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
  }
  Language chosen() const {
    const char* variable = std::getenv("LANG"); // NOLINT(concurrency-mt-unsafe): before any thread
    const bool is_ja = variable != nullptr && std::string_view(variable).starts_with("ja");
    return parse_language(language).value_or(language.empty() && is_ja ? Language::ja : Language::en);
  }
  bool is_colored() const { return color == "always" || (color == "auto" && isatty(STDOUT_FILENO) == 1); }
};

/// Options that every command with a running Kaden behind it takes.
struct RemoteOptions {
  RemoteSettings settings;
  LookOptions look;

  void add_to(CLI::App* command) {
    command->add_option("--url", settings.url, "where Kaden listens")
        ->envname("KADEN_URL")
        ->capture_default_str();
    command->add_option("--token-file", settings.token_file,
                        "file with the bearer token (or the variable KADEN_TOKEN)");
    command->add_option("--ca-file", settings.ca_file, "trust only this certificate (PEM)");
    command->add_flag("--json", settings.json, "print the API's answer as it is");
    look.add_language(command);
    look.add_color(command);
  }
  const RemoteSettings& ready() {
    settings.language = look.chosen();
    settings.color = look.is_colored();
    return settings;
  }
};

/// `kaden alarms test`.
struct AlarmsCommand {
  RehearseOptions options;
  LookOptions look;

  void add_to(CLI::App& cli, const std::string& config, int& result) {
    options.config = config;
    CLI::App* alarms = cli.add_subcommand("alarms", "alarm rules and the past");
    alarms->require_subcommand(1);
    CLI::App* test = alarms->add_subcommand(
        "test", "draw what a rule would have done with the stored datapoints, and whom it would have called");
    test->add_option("rule", options.rule, "a rule's name in the configuration, or a YAML file with one rule")
        ->required();
    test->add_option("--from", options.from, "-6h, -2d, -1w, 2026-11-26, 2026-11-26T06:00:00Z")
        ->capture_default_str();
    test->add_option("--to", options.to, "the same, or now")->capture_default_str();
    test->add_option("--config", options.config, "configuration file")->capture_default_str();
    test->add_option("--columns", options.columns, "width of the drawing; as the terminal's when not given")
        ->check(CLI::Range(1, 1'000));
    look.add_language(test);
    look.add_color(test);
    test->callback([this, &result] {
      options.language = look.chosen();
      options.color = look.is_colored();
      result = run_alarms_test(options);
    });
  }
};

/// `kaden import`.
struct ImportCommand {
  ImportAlarmsOptions options;
  std::string file;
  std::string url = "https://KADEN:8480";
  LookOptions look;

  void add_to(CLI::App& cli, int& result) {
    CLI::App* imports = cli.add_subcommand("import", "what is there already, in Kaden's words");
    imports->require_subcommand(1);
    CLI::App* alarms = imports->add_subcommand(
        "cloudwatch-alarms", "alarm rules from what `aws cloudwatch describe-alarms` prints");
    alarms->add_option("file", options.file, "its JSON, or - for standard input")->required();
    auto* requests = alarms->add_option("--requests", options.requests,
                                        "write a script of aws commands to this file, which defines as they "
                                        "are the alarms that cannot be rules");
    alarms
        ->add_flag("--requests-only", options.requests_only,
                   "with --requests: the script defines all alarms, names included; no rules")
        ->needs(requests);
    look.add_language(alarms);
    alarms->callback([this, &result] {
      options.language = look.chosen();
      result = import_cloudwatch_alarms(options);
    });
    CLI::App* agent = imports->add_subcommand(
        "cloudwatch-agent", "what a CloudWatch agent's configuration needs to report to Kaden");
    agent->add_option("file", file, "its JSON, or - for standard input")->required();
    agent->add_option("--url", url, "where agents reach Kaden")->capture_default_str();
    look.add_language(agent);
    agent->callback([this, &result] { result = import_cloudwatch_agent(file, url, look.chosen()); });
  }
};

/// `kaden serve` and `kaden check`.
struct ServeCommand {
  std::string config = "/etc/kaden/kaden.yaml";
  DemoOptions demo;
  std::string demo_language = "ja";

  void add_to(CLI::App& cli, int& result) {
    CLI::App* serve = cli.add_subcommand("serve", "run Kaden: take alarms, call people");
    serve->add_option("--config", config, "configuration file")->capture_default_str();
    auto* demo_folder = serve->add_option(
        "--demo", demo.folder, "run with the configuration that Kaden carries in itself, in this folder");
    demo_folder->excludes(serve->get_option("--config"));
    const auto only_in_demo = [&](const char* name, std::uint16_t& port, const char* what) {
      serve->add_option(name, port, what)->needs(demo_folder)->capture_default_str();
    };
    only_in_demo("--port", demo.port, "with --demo: HTTP port");
    only_in_demo("--sip-port", demo.sip_port, "with --demo: SIP port of Kaden");
    only_in_demo("--phone-port", demo.phone_port, "with --demo: SIP port of kaden phone");
    serve->add_option("--lang", demo_language, "with --demo: ja or en")
        ->needs(demo_folder)
        ->check(CLI::IsMember({"ja", "en"}))
        ->capture_default_str();
    serve->callback([this, &result] {
      if (demo.folder.empty()) {
        result = run_serve(config);
        return;
      }
      demo.language = parse_language(demo_language).value_or(Language::ja);
      const auto path = write_demo(demo);
      result = path ? run_serve(*path) : report(path.error());
    });

    CLI::App* check =
        cli.add_subcommand("check", "check a configuration file: every mistake with line and column");
    check->add_option("--config,file", config, "configuration file")->capture_default_str();
    check->callback([this, &result] { result = run_check(config); });
  }
};

/// `kaden phone` and `kaden say`.
struct VoiceCommands {
  PhoneOptions phone_options;
  SayOptions say_options;

  void add_to(CLI::App& cli, int& result) {
    add_phone(cli, result);
    add_say(cli, result);
  }
  void add_phone(CLI::App& cli, int& result) {
    CLI::App* phone =
        cli.add_subcommand("phone", "a robot phone: answers, records what it hears, presses keys on a plan");
    phone->add_option("--bind", phone_options.bind, "address")->capture_default_str();
    phone->add_option("--port", phone_options.port, "UDP port")->capture_default_str();
    phone->add_option("--record", phone_options.record_folder, "folder for recordings (WAV)")
        ->capture_default_str();
    phone->add_option("--events", phone_options.events_file, "append one JSON line per event");
    phone->add_option("--plan", phone_options.plans,
                      "USER=STEP,STEP...: answer@MS, KEY@MS (after the answer), hangup@MS, busy, decline, "
                      "unavailable, ring, "
                      "voicemail; USER * is everybody else");
    phone->callback([this, &result] { result = run_phone(phone_options); });
  }
  void add_say(CLI::App& cli, int& result) {
    CLI::App* say = cli.add_subcommand("say", "speak a text into a WAV file, as a call would");
    say->add_option("text", say_options.text, "what to say; {web-01:name} is read as a name")->required();
    say->add_option("--lang", say_options.language, "ja or en")
        ->check(CLI::IsMember({"ja", "en"}))
        ->capture_default_str();
    say->add_option("-o,--output", say_options.output, "WAV file")->capture_default_str();
    say->add_flag("-v,--verbose", say_options.verbose, "print how it is read, and the phonemes of Japanese");
    say->callback([this, &result] { result = run_say(say_options); });
  }
};

/// The commands that ask a running Kaden.
struct RemoteCommands {
  RemoteOptions remote;
  std::string person, text, request_id;
  std::uint64_t incident = 0;
  std::string state;
  int most = 20;
  TimelineOptions timeline_options;

  void add_to(CLI::App& cli, int& result) {
    add_call(cli, result);
    add_incidents(cli, result);
    add_timeline(cli, result);
    CLI::App* sources =
        cli.add_subcommand("sources", "what is watched from outside, and whether it can be read");
    remote.add_to(sources);
    sources->callback([this, &result] { result = list_sources(remote.ready()); });
  }
  void add_call(CLI::App& cli, int& result) {
    CLI::App* call = cli.add_subcommand("call", "place a test call to a person");
    call->add_option("person", person, "a person's id")->required();
    call->add_option("--text", text, "what to say instead of the test sentence");
    call->add_option("--request-id", request_id, "a repeat with the same id calls nobody again");
    remote.add_to(call);
    call->callback([this, &result] {
      if (request_id.empty()) request_id = fresh_request_id();
      result = place_test_call(remote.ready(), person, text, request_id);
    });
  }
  void add_incidents(CLI::App& cli, int& result) {
    CLI::App* incidents = cli.add_subcommand("incidents", "list incidents, or show one with its timeline");
    incidents->add_option("id", incident, "an incident's number");
    incidents->add_option("--state", state, "triggered, acknowledged or resolved")
        ->check(CLI::IsMember({"triggered", "acknowledged", "resolved"}));
    incidents->add_option("--limit", most, "how many")->check(CLI::Range(1, 1000))->capture_default_str();
    remote.add_to(incidents);
    incidents->callback([this, &result] {
      result = incident == 0 ? list_incidents(remote.ready(), state, most)
                             : show_incident(remote.ready(), incident);
    });

    CLI::App* ack = cli.add_subcommand("ack", "acknowledge an incident: its calls end");
    ack->add_option("id", incident, "an incident's number")->required();
    remote.add_to(ack);
    ack->callback([this, &result] { result = acknowledge_incident(remote.ready(), incident); });

    CLI::App* resolve = cli.add_subcommand("resolve", "close an incident");
    resolve->add_option("id", incident, "an incident's number")->required();
    remote.add_to(resolve);
    resolve->callback([this, &result] { result = resolve_incident(remote.ready(), incident); });
  }
  void add_timeline(CLI::App& cli, int& result) {
    CLI::App* timeline = cli.add_subcommand("timeline", "what happens, as it happens");
    timeline->add_flag("--follow", timeline_options.follow, "wait for more");
    timeline->add_option("--after", timeline_options.after, "a cursor: only what is newer")
        ->capture_default_str();
    timeline->add_option("--until", timeline_options.until,
                         "with --follow: end when this happened (resolved, acknowledged ...)");
    timeline->add_option("--patience", timeline_options.patience_s,
                         "with --follow: end after so many seconds, exit code 1");
    remote.add_to(timeline);
    timeline->callback([this, &result] { result = follow_timeline(remote.ready(), timeline_options); });
  }
};

/// `kaden webhooks`: what was received, and once more under another mapping.
struct WebhooksCommand {
  RemoteOptions remote;
  std::string name;
  int most = 50;
  std::uint64_t number = 0;
  ReplayOptions options;

  void add_to(CLI::App& cli, int& result) {
    CLI::App* webhooks = cli.add_subcommand("webhooks", "what other tools posted lately");
    webhooks->require_subcommand(1);
    CLI::App* list = webhooks->add_subcommand("list", "newest first, also what was refused");
    list->add_option("webhook", name, "of this webhook alone");
    list->add_option("--limit", most, "how many at most")->capture_default_str();
    remote.add_to(list);
    list->callback([this, &result] { result = list_deliveries(remote.ready(), name, most); });
    CLI::App* show = webhooks->add_subcommand("show", "one delivery with its body");
    show->add_option("number", number, "as list shows it")->required();
    remote.add_to(show);
    show->callback([this, &result] { result = show_delivery(remote.ready(), number); });
    CLI::App* replay = webhooks->add_subcommand("replay", "read a delivery once more and report its events");
    replay->add_option("number", options.number, "as list shows it")->required();
    replay->add_option("--mapping", options.mapping,
                       "a YAML file with one webhook instead of the configured one");
    replay->add_flag("--dry-run", options.dry_run, "print the events and report none");
    remote.add_to(replay);
    replay->callback([this, &result] { result = replay_delivery(remote.ready(), options); });
  }
};

/// `kaden mails`: what came by mail, and what the rules make of it.
struct MailsCommand {
  RemoteOptions remote;
  std::string listener;
  int most = 20;
  std::uint64_t number = 0;
  bool as_source = false;
  MailReplayOptions options;
  MailTryOptions trial;

  void add_to(CLI::App& cli, const std::string& config, int& result) {
    CLI::App* mails = cli.add_subcommand("mails", "what came by mail lately, and why it is which alarm");
    mails->require_subcommand(1);
    CLI::App* list = mails->add_subcommand("list", "newest first, also what no rule fits");
    list->add_option("listener", listener, "of this listener alone");
    list->add_option("--limit", most, "how many at most")->capture_default_str();
    remote.add_to(list);
    list->callback([this, &result] { result = list_mails(remote.ready(), listener, most); });
    CLI::App* show = mails->add_subcommand("show", "one as it was read, and what each rule says of it");
    show->add_option("number", number, "as list shows it")->required();
    show->add_flag("--source", as_source, "print the mail as it was sent instead, for a file");
    remote.add_to(show);
    show->callback([this, &result] { result = show_mail(remote.ready(), number, as_source); });
    CLI::App* replay = mails->add_subcommand("replay", "judge a mail once more and report its event");
    replay->add_option("number", options.number, "as list shows it")->required();
    replay->add_option("--rules", options.rules,
                       "a YAML file with one listener's rules instead of the configured ones");
    replay->add_flag("--dry-run", options.dry_run, "print the event and report none");
    remote.add_to(replay);
    replay->callback([this, &result] { result = replay_mail(remote.ready(), options); });
    CLI::App* trial_command =
        mails->add_subcommand("try", "judge a mail in a file by the configuration's rules");
    trial.config = config;
    trial_command->add_option("file", trial.file, "the mail as it is sent; - for standard input")->required();
    trial_command->add_option("--config", trial.config, "configuration file")->capture_default_str();
    trial_command->add_option("--listener", trial.listener,
                              "whose rules; needed when there are several listeners");
    trial_command->callback([this, &result] { result = try_mail(trial); });
  }
};

/// `kaden journal`.
struct JournalCommand {
  std::string store = "/var/lib/kaden";
  std::string known_head;

  void add_to(CLI::App& cli, int& result) {
    CLI::App* journal = cli.add_subcommand("journal", "read the journal beside a running Kaden");
    journal->require_subcommand(1);
    CLI::App* verify = journal->add_subcommand("verify", "recompute the hash chain and print its head");
    verify->add_option("--store", store, "the store's folder")->capture_default_str();
    verify->add_option("--head", known_head,
                       "a head printed earlier: it must still be in the chain, or the end was cut off");
    verify->callback([this, &result] { result = run_journal_verify(store, known_head); });
    CLI::App* print = journal->add_subcommand("print", "every input, one line each");
    print->add_option("--store", store, "the store's folder")->capture_default_str();
    print->callback([this, &result] { result = run_journal_print(store); });
  }
};

/// `kaden triage`.
struct TriageCommand {
  TriageEvalOptions options;
  std::string of_language;
  LookOptions look;

  void add_to(CLI::App& cli, const std::string& config, int& result) {
    options.config = config;
    CLI::App* triage = cli.add_subcommand("triage", "the model that judges how severe alarms are");
    triage->require_subcommand(1);
    CLI::App* eval = triage->add_subcommand(
        "eval", "ask the configured model about texts whose severity is known, and print a confusion matrix");
    eval->add_option("--config", options.config, "configuration file")->capture_default_str();
    eval->add_option("--set", options.set, "texts of your own, as `kaden triage texts` prints them");
    eval->add_option("--limit", options.limit, "so many texts, spread over the set; 0: all")
        ->check(CLI::Range(0, 10'000));
    eval->add_option("--texts", of_language, "only texts in ja or en")->check(CLI::IsMember({"ja", "en"}));
    eval->add_option("--time-limit", options.time_limit_s, "seconds for each; as configured when not given")
        ->check(CLI::Range(1, 600));
    eval->add_option("--least", options.least_percent, "exit code 1 when the accuracy is less, in percent")
        ->check(CLI::Range(0.0, 100.0));
    look.add_language(eval);
    eval->callback([this, &result] {
      options.language = look.chosen();
      options.of_language = parse_language(of_language);
      result = run_triage_eval(options);
    });
    CLI::App* texts = triage->add_subcommand("texts", "print the evaluation set that comes with Kaden");
    texts->callback([&result] { result = print_triage_texts(); });
  }
};

/// `kaden vcenter alarms`.
struct VcenterCommand {
  VcenterAlarmsOptions options;

  void add_to(CLI::App& cli, const std::string& config, int& result) {
    CLI::App* vcenter = cli.add_subcommand("vcenter", "ask the vCenters of the configuration");
    vcenter->require_subcommand(1);
    CLI::App* alarms = vcenter->add_subcommand(
        "alarms", "what is triggered now, and every alarm definition with its actions");
    options.config = config;
    alarms->add_option("--config", options.config, "configuration file")->capture_default_str();
    alarms->add_option("--name", options.name, "one vCenter's id; without it all");
    alarms->add_flag("--json", options.as_json, "for programs");
    alarms->callback([this, &result] { result = list_vcenter_alarms(options); });
  }
};

} // namespace

int main(int argc, char** argv) {
  CLI::App cli("Kaden turns infrastructure alarms into answered phone calls.", "kaden");
  cli.require_subcommand(1);
  cli.set_version_flag("--version", "kaden " KADEN_VERSION);
  int result = 0;

  ServeCommand serve;
  serve.add_to(cli, result);
  AlarmsCommand alarms;
  alarms.add_to(cli, serve.config, result);
  ImportCommand imports;
  imports.add_to(cli, result);
  CLI::App* agent =
      cli.add_subcommand("agent", "report this machine: metrics, checks, logs (kaden agent --help)");
  agent->prefix_command()->set_help_flag();
  agent->callback([&] { result = agent::command("kaden agent", agent->remaining()); });
  VoiceCommands voice;
  voice.add_to(cli, result);
  RemoteCommands remote;
  remote.add_to(cli, result);
  WebhooksCommand webhooks;
  webhooks.add_to(cli, result);
  MailsCommand mails;
  mails.add_to(cli, serve.config, result);
  JournalCommand journal;
  journal.add_to(cli, result);
  VcenterCommand vcenters;
  vcenters.add_to(cli, serve.config, result);
  TriageCommand triage;
  triage.add_to(cli, serve.config, result);

  CLI11_PARSE(cli, argc, argv);
  return result;
}

} // namespace kaden::app
