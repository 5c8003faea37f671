#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "agent_parts.h"
#include "kaden/imports.h"
#include "phrases.h"

namespace kaden::imports {

namespace {

// Headings
constexpr Phrase add_these = {"Add these lines to the agent's configuration:\n",
                              "エージェントの設定に次の行を加えてください:\n"};
constexpr Phrase credentials_on = {
    "\nCredentials (a machine that is not EC2: amazon-cloudwatch-agent-ctl -m onPremise):\n",
    "\n認証情報 (EC2 以外のマシン: amazon-cloudwatch-agent-ctl -m onPremise):\n"};
constexpr Phrase notes_on = {"\nTo know:\n", "\n知っておくこと:\n"};
constexpr Phrase mistakes_on = {"\nMistakes, with which the agent does not start:\n",
                                "\n誤り (このままではエージェントが起動しません):\n"};
constexpr Phrase nothing_odd = {"\nNothing in it changes series or keeps them from arriving.\n",
                                "\n系列を変えたり届かなくしたりする設定はありません。\n"};
// Lines
constexpr Phrase logs_too = {"(with it log events come to Kaden as well; without it they go on to AWS)",
                             "(これでログイベントも Kaden に届きます。なければ今までどおり AWS に届きます)"};
constexpr Phrase profile = {
    "  In {} the profile that the agent looks for by itself:\n"
    "    [AmazonCloudWatchAgent]\n    aws_access_key_id = ID\n    aws_secret_access_key = SECRET\n"
    "  ID and SECRET are one pair of `access_keys` in Kaden's configuration; no AWS account is asked.\n",
    "  {} に、エージェントが自分で探すプロファイルを書きます:\n"
    "    [AmazonCloudWatchAgent]\n    aws_access_key_id = ID\n    aws_secret_access_key = SECRET\n"
    "  ID と SECRET は Kaden の設定の `access_keys` の 1 組です。AWS のアカウントには問い合わせません。\n"};
constexpr Phrase rotation = {
    "  Another file or profile: [credentials] shared_credential_file and shared_credential_profile in\n"
    "  common-config.toml. Only a file named there is read again when keys change; else restart the agent.\n",
    "  別のファイルやプロファイルは common-config.toml の [credentials] の shared_credential_file と\n"
    "  shared_credential_profile "
    "で指定します。鍵の変更が再読込されるのはそこに書いたファイルだけで、ほかは再起動が必要です。\n"};
constexpr Phrase run_as = {
    "  It runs as {}: name the file with shared_credential_file, readable by that user.\n",
    "  {} として動きます。そのユーザーが読めるファイルを shared_credential_file で指定してください。\n"};
constexpr Phrase certificate = {
    "  TLS: the certificate of {} must be trusted by the machine, or named as [ssl] ca_bundle_path in "
    "common-config.toml.\n",
    "  TLS: {} の証明書をマシンが信頼しているか、common-config.toml の [ssl] ca_bundle_path "
    "に書く必要があります。\n"};
// Warnings
constexpr Phrase no_metrics = {"there is no section metrics: no metric is sent",
                               "metrics の節がなく、メトリクスは送られません"};
constexpr Phrase no_region = {
    "agent.region is missing: on-premises the region comes from the profile, and without one the agent does "
    "not start",
    "agent.region がありません。EC2 以外ではプロファイルの region "
    "が使われ、それもなければエージェントは起動しません"};
constexpr Phrase replaced = {"{}.endpoint_override is {} now: from there nothing arrives any more",
                             "{}.endpoint_override は今 {} です。置き換えるとそちらには届かなくなります"};
constexpr Phrase aggregates = {
    "aggregation_dimensions sends more series with fewer dimensions ({}): a rule for_each [host] that fits "
    "them rings twice; "
    "name one more dimension in `where`, or remove it",
    "aggregation_dimensions はディメンションの少ない系列 ({}) も送ります。for_each [host] "
    "のルールが両方に合うと 2 回鳴ります。"
    "`where` にディメンションを足すか、削除してください"};
constexpr Phrase appends = {
    "append_dimensions removes the dimension host and adds {}: rules need for_each: [InstanceId] (or the "
    "dimension that names the "
    "machine)",
    "append_dimensions があると host ディメンションがなくなり {} が付きます。ルールは for_each: [InstanceId] "
    "(マシン名になるディメンション) が必要です"};
constexpr Phrase appends_more = {
    "append_dimensions of metrics takes only ImageId, InstanceId, InstanceType and AutoScalingGroupName: "
    "{} will not come",
    "metrics の append_dimensions に書けるのは ImageId、InstanceId、InstanceType、AutoScalingGroupName "
    "だけです。{} は付きません"};
constexpr Phrase needs_imds = {
    "append_dimensions asks the EC2 instance metadata service: machines on VMware or on-premises have none "
    "and send no "
    "machine name then",
    "append_dimensions は EC2 のメタデータサービスに問い合わせます。VMware "
    "やオンプレミスにはなく、マシン名が付きません"};
constexpr Phrase omits = {"omit_hostname removes the dimension host: nothing names the machine",
                          "omit_hostname で host ディメンションがなくなり、マシンがわからなくなります"};
constexpr Phrase other_namespace = {"the namespace is {}: rules need namespace: {}",
                                    "名前空間が {} です。ルールに namespace: {} が必要です"};
constexpr Phrase is_fine = {
    "{} collects every {} s: high resolution, kept in steps of a second for 3 hours, then in minutes",
    "{} は {} 秒ごとに収集します。高解像度として 3 時間は 1 秒刻み、その後は 1 分刻みで保存されます"};
constexpr Phrase assumes = {
    "{} has a role_arn: the agent then asks AWS STS, which a closed network must let it reach",
    "{} に role_arn があります。エージェントは AWS STS に接続するので、閉域網では通り道が必要です"};
constexpr Phrase is_unknown = {"{} (line {}) is not a part that the agent knows: a slip of the pen?",
                               "{} ({} 行目) はエージェントにない項目です。書き間違いではありませんか"};
constexpr Phrase is_no_measurement = {
    "{} (line {}): \"{}\" is no measurement of this plugin that is known here; the agent on Linux refuses "
    "those "
    "that it does not know",
    "{} ({} 行目): \"{}\" はこのプラグインの測定項目として知られていません。Linux "
    "のエージェントは知らない項目があると起動しません"};
constexpr Phrase did_you_mean = {" (did you mean {}?)", " (もしかして {}?)"};
// Mistakes
constexpr Phrase is_refused = {"{} (line {}) is not allowed there", "{} ({} 行目) はそこに書けない項目です"};
constexpr Phrase is_missing = {"{} (line {}) lacks {}", "{} ({} 行目) に {} がありません"};
constexpr Phrase is_twice = {"{} (line {}) stands twice in the list", "{} ({} 行目) がリストに 2 回あります"};
constexpr Phrase is_wrong_kind = {"{} (line {}) must be {}", "{} ({} 行目) に書けるのは次の値です: {}"};
constexpr Phrase has_traces = {
    "{} (line {}) stays with AWS: Kaden takes metrics and logs",
    "{} ({} 行目) は AWS 向けのままです。Kaden が受け取るのはメトリクスとログです"};
constexpr Phrase is_embedded = {
    "{} (line {}) sends metrics inside log events (embedded metric format): Kaden makes no metrics of them",
    "{} ({} 行目) はログイベントに埋め込んだメトリクス (埋め込みメトリクス形式) を送りますが、Kaden "
    "はメトリクスにしません"};
constexpr Phrase is_amp = {
    "{} (line {}) goes to Amazon Managed Service for Prometheus, not to Kaden",
    "{} ({} 行目) は Amazon Managed Service for Prometheus に送られ、Kaden には届きません"};
constexpr Phrase is_reserved = {
    "{} (line {}): {} is Amazon's own namespace: Kaden refuses it as CloudWatch does; choose another",
    "{} ({} 行目): {} は AWS の名前空間です。CloudWatch と同じく Kaden "
    "も受け付けません。別の名前にしてください"};
constexpr Phrase is_no_group = {
    "{} (line {}): \"{}\" is no name of a log group (a-z, A-Z, 0-9 and . - _ / #): Kaden refuses it as "
    "CloudWatch Logs does",
    "{} ({} 行目): \"{}\" はロググループの名前になりません (使えるのは a-z、A-Z、0-9 と . - _ / #)。"
    "CloudWatch Logs と同じく Kaden も受け付けません"};
constexpr Phrase sets_retention = {
    "{} (line {}) makes the agent call PutRetentionPolicy: a key that may only `ingest` is denied it, the "
    "agent notes a warning and goes on. Give its key `alarms`, or set the retention once by hand",
    "{} ({} 行目) があるとエージェントは PutRetentionPolicy を呼びます。`ingest` だけのキーでは拒まれ、"
    "エージェントは警告を残して続けます。キーに `alarms` を与えるか、保持期間を一度手で設定してください"};
constexpr Phrase extra_dimensions = {"{} has append_dimensions of its own: its series carry {} as well",
                                     "{} に独自の append_dimensions があり、系列に {} も付きます"};

/// What a value of the kind is called.
Phrase phrase_of(Kind kind) {
  switch (kind) {
    case Kind::text:
      return {"a text that is not empty", "空でない文字列"};
    case Kind::any:
    case Kind::any_text:
      return {"a text", "文字列"};
    case Kind::interval:
      return {"a whole number of seconds from 1 to 172800", "1 から 172800 までの整数 (秒)"};
    case Kind::interval_or_zero:
      return {"a whole number of seconds from 0 to 172800", "0 から 172800 までの整数 (秒)"};
    case Kind::count:
      return {"a whole number above 0", "1 以上の整数"};
    case Kind::event_id:
      return {"a whole number from 0 to 65535", "0 から 65535 までの整数"};
    case Kind::flag:
      return {"true or false", "true か false"};
    case Kind::texts:
    case Kind::names:
      return {"a list of texts", "文字列のリスト"};
    case Kind::event_ids:
      return {"a list of whole numbers", "整数のリスト"};
    case Kind::dimensions:
      return {"a list of lists of texts", "文字列のリストのリスト"};
    case Kind::map:
      return {"a map of names to texts", "名前と文字列の組"};
    case Kind::section:
      return {"a section {{...}}", "節 {{...}}"};
    case Kind::filled_section:
      return {"a section {{...}} that is not empty", "空でない節 {{...}}"};
    case Kind::sections:
      return {"a list of sections", "節のリスト"};
    case Kind::some_sections:
    case Kind::own_sections:
      return {"a list of sections that is not empty", "空でない、節のリスト"};
    case Kind::measurements:
      return {"a list of names, or of sections with name, rename and unit",
              "名前か、name・rename・unit を持つ節のリスト"};
    case Kind::retention:
    case Kind::word:
      return {"one of {}", "{} のどれか"};
    case Kind::words:
      return {"a list of {}", "{} のリスト"};
  }
  return {};
}

std::string wanted_of(const OddPart& part, Language language) {
  std::string words;
  if (part.wanted == Kind::retention) {
    words = fmt::format("{}", fmt::join(retention_days(), ", "));
  } else {
    words = fmt::format("{}", fmt::join(split(part.words, ' '), ", "));
  }
  return say(language, phrase_of(part.wanted), words);
}

const json::object* section_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

bool is_set(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// Seconds, or nothing; the agent takes whole numbers.
std::optional<std::int64_t> seconds_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::string keys_of(const json::object& object) {
  std::string keys;
  for (const auto& entry : object) keys += (keys.empty() ? "" : ", ") + std::string(entry.key());
  return one_line(keys);
}

/// What the agent asks the instance metadata service for.
bool is_appended(std::string_view dimension) {
  constexpr std::array<std::string_view, 4> known = {"ImageId", "InstanceId", "InstanceType",
                                                     "AutoScalingGroupName"};
  return std::find(known.begin(), known.end(), dimension) != known.end();
}

std::string scheme_and_host(const std::string& url) {
  const std::size_t end = url.find_last_not_of('/');
  return end == std::string::npos ? url : url.substr(0, end + 1);
}

class Adviser {
 public:
  Adviser(std::string_view text, const json::object& top, const std::string& url, Language language)
      : text_(text), top_(top), url_(scheme_and_host(url)), language_(language) {}

  Advice advice() {
    look_at_agent();
    look_at_metrics();
    for (const char* name : {"metrics", "logs"}) look_at_endpoint(name);
    look_at_parts();
    Advice advice;
    advice.text = lines_to_add() + credentials();
    if (mistake_count_ != 0) advice.text += say(language_, mistakes_on) + mistakes_;
    advice.text += warnings_ == 0 ? say(language_, nothing_odd) : say(language_, notes_on) + notes_;
    advice.warnings = warnings_;
    advice.mistakes = mistake_count_;
    return advice;
  }

 private:
  template <class... Parts>
  void warn(const Phrase& phrase, const Parts&... parts) {
    notes_ += "  ! " + say(language_, phrase, parts...) + "\n";
    ++warnings_;
  }

  void look_at_parts() {
    for (const OddPart& part : odd_parts(text_, top_)) {
      std::string line = line_of(part);
      if (!part.near.empty()) line += say(language_, did_you_mean, part.near);
      if (is_mistake(part.trouble)) {
        mistakes_ += "  x " + line + "\n";
        ++mistake_count_;
      } else {
        notes_ += "  ! " + line + "\n";
        ++warnings_;
      }
    }
  }

  std::string line_of(const OddPart& part) const {
    std::string path = one_line(part.path);
    switch (part.trouble) {
      case PartTrouble::unknown:
        return say(language_, is_unknown, path, part.line);
      case PartTrouble::refused:
        return say(language_, is_refused, path, part.line);
      case PartTrouble::wrong_kind:
        return say(language_, is_wrong_kind, path, part.line, wanted_of(part, language_));
      case PartTrouble::missing:
        return say(language_, is_missing, path, part.line, part.words);
      case PartTrouble::twice:
        return say(language_, is_twice, path, part.line);
      case PartTrouble::measurement:
        return say(language_, is_no_measurement, path, part.line, one_line(part.words));
      case PartTrouble::traces:
        return say(language_, has_traces, path, part.line);
      case PartTrouble::embedded:
        return say(language_, is_embedded, path, part.line);
      case PartTrouble::amp:
        return say(language_, is_amp, path, part.line);
      case PartTrouble::reserved:
        return say(language_, is_reserved, path, part.line, one_line(part.words));
      case PartTrouble::group_name:
        return say(language_, is_no_group, path, part.line, one_line(part.words));
      case PartTrouble::retention:
        return say(language_, sets_retention, path, part.line);
    }
    return path;
  }

  void look_at_agent() {
    const auto* agent = section_of(top_, "agent");
    region_ = agent == nullptr ? "" : text_of(*agent, "region");
    if (region_.empty()) warn(no_region);
    if (agent == nullptr) return;
    user_ = text_of(*agent, "run_as_user");
    if (is_set(*agent, "omit_hostname")) warn(omits);
    look_at_interval("agent", *agent);
    look_at_role("agent", *agent);
  }

  void look_at_interval(const std::string& name, const json::object& section) {
    const auto interval = seconds_of(section, "metrics_collection_interval");
    if (interval && *interval > 0 && *interval < 60) warn(is_fine, one_line(name), *interval);
  }

  void look_at_role(const std::string& name, const json::object& section) {
    const auto* credentials = section_of(section, "credentials");
    if (credentials != nullptr && !text_of(*credentials, "role_arn").empty())
      warn(assumes, name + ".credentials");
  }

  void look_at_metrics() {
    const auto* metrics = section_of(top_, "metrics");
    if (metrics == nullptr) return warn(no_metrics);
    const std::string name_space = one_line(text_of(*metrics, "namespace"));
    if (!name_space.empty() && name_space != "CWAgent") warn(other_namespace, name_space, name_space);
    if (const auto* appended = section_of(*metrics, "append_dimensions");
        appended != nullptr && !appended->empty()) {
      json::object taken, left;
      for (const auto& entry : *appended)
        (is_appended(entry.key()) ? taken : left).emplace(entry.key(), entry.value());
      if (!taken.empty()) warn(appends, keys_of(taken));
      if (!left.empty()) warn(appends_more, keys_of(left));
      warn(needs_imds);
    }
    if (const auto* sets = metrics->if_contains("aggregation_dimensions");
        sets != nullptr && sets->is_array()) {
      warn(aggregates, one_line(kaden::to_text(*sets)));
    }
    look_at_role("metrics", *metrics);
    if (const auto* collected = section_of(*metrics, "metrics_collected")) look_at_plugins(*collected);
  }

  void look_at_plugins(const json::object& collected) {
    for (const auto& plugin : collected) {
      const std::string name(plugin.key());
      windows_ = windows_ || is_windows_object(name);
      if (!plugin.value().is_object()) continue;
      const auto& section = plugin.value().get_object();
      look_at_interval(name, section);
      if (const auto* appended = section_of(section, "append_dimensions");
          appended != nullptr && !appended->empty()) {
        warn(extra_dimensions, one_line(name), keys_of(*appended));
      }
    }
  }

  void look_at_endpoint(const char* name) {
    const auto* section = section_of(top_, name);
    if (section == nullptr) return;
    const std::string now = text_of(*section, "endpoint_override");
    if (!now.empty() && now != url_) warn(replaced, name, one_line(now));
  }

  std::string lines_to_add() const {
    std::string lines = say(language_, add_these);
    if (region_.empty()) lines += "  \"agent\": {\"region\": \"ap-northeast-1\"}\n";
    const std::string quoted = kaden::to_text(json::value(json::string(url_)));
    if (section_of(top_, "metrics") != nullptr) {
      lines += fmt::format("  \"metrics\": {{\"endpoint_override\": {}}}\n", quoted);
    }
    if (section_of(top_, "logs") != nullptr) {
      lines +=
          fmt::format("  \"logs\": {{\"endpoint_override\": {}}}  {}\n", quoted, say(language_, logs_too));
    }
    return lines;
  }

  std::string credentials() const {
    const std::string file =
        windows_ ? "C:\\Users\\Administrator\\.aws\\credentials" : "~root/.aws/credentials";
    std::string text =
        say(language_, credentials_on) + say(language_, profile, file) + say(language_, rotation);
    if (!user_.empty() && user_ != "root") text += say(language_, run_as, one_line(user_));
    if (url_.starts_with("https:")) text += say(language_, certificate, url_);
    return text;
  }

  // Borrowed
  const std::string_view text_;
  const json::object& top_;
  // Config
  const std::string url_;
  const Language language_;
  // State
  std::string region_, user_;
  bool windows_ = false;
  std::string notes_, mistakes_;
  std::size_t warnings_ = 0, mistake_count_ = 0;
};

} // namespace

Result<Advice> advice_for_cloudwatch_agent(std::string_view text, const std::string& url, Language language) {
  const auto value = parse_json(text);
  if (!value) return fail_while("reading the agent's configuration", value.error());
  const auto* top = value->if_object();
  const bool is_one =
      top != nullptr && (top->contains("metrics") || top->contains("logs") || top->contains("agent"));
  if (!is_one) {
    return fail(Fault::invalid,
                "reading the agent's configuration: there is no section agent, metrics or logs in it");
  }
  return Adviser(text, *top, url, language).advice();
}

} // namespace kaden::imports
