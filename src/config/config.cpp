#include "kaden/config.h"

#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::size_t version_digits = 16;

std::string folder_of(const std::string& file_name) {
  const std::size_t slash = file_name.rfind('/');
  return slash == std::string::npos ? "" : file_name.substr(0, slash + 1);
}

/// Order matters where one part needs another: routes need policies, which need people, who need the carrier.
Settings read_settings(Section& top, const Surroundings& around) {
  Settings settings;
  settings.listen = read_listen(top, around);
  const Store store = read_store(top, around);
  settings.store_folder = store.folder;
  settings.metrics = store.metrics;
  settings.logs = store.logs;
  settings.access_keys = read_access_keys(top, around);
  settings.allow_unsigned_on_loopback =
      top.flag("allow_unsigned_on_loopback", settings.allow_unsigned_on_loopback);
  settings.tokens = read_tokens(top, around);
  settings.webhooks = read_webhooks(top, around);
  settings.sip = read_sip(top, around);
  settings.arns = read_arns(top);
  settings.speech = read_speech(top, around, settings.store_folder);
  settings.engine.people = read_people(top, settings.sip);
  settings.engine.policies = read_policies(top, settings.engine.people);
  settings.engine.routes = read_routes(top, settings.engine.policies);
  TriageSection triage = read_triage(top, around);
  settings.engine.triage = std::move(triage.engine);
  settings.triage_model = std::move(triage.model);
  settings.alarms = read_rules(top);
  settings.metric_filters = read_metric_filters(top);
  settings.sources = read_sources(top, around, settings.logs.keep > Millis(0));
  settings.sources.aws = read_aws(top, around);
  for (const Webhook& hook : settings.webhooks) {
    if (hook.queue) settings.sources.queues.push_back(*hook.queue);
  }
  settings.chat = read_chat(top, around);
  settings.log_level = read_log_level(top);
  return settings;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

/// A file with the section `alarms`, made of what stands in its place.
ValuePtr as_alarms(const ValuePtr& root) {
  const bool is_map = root->kind == ValueKind::map;
  ValuePtr list = root;
  if (is_map) {
    for (const Member& member : root->members) {
      if (member.key == "alarms") list = member.value;
    }
    if (list == root) {
      auto one = std::make_shared<Value>();
      one->kind = ValueKind::list;
      one->at = root->at;
      one->items = {root};
      list = std::move(one);
    }
  }
  auto file = std::make_shared<Value>();
  file->kind = ValueKind::map;
  file->at = root->at;
  file->members = {{"alarms", root->at, list}};
  return file;
}

/// Null, and the mistake is noted, when it cannot be read or (with `must_be_map`) is something else than a
/// map.
ValuePtr noted_document(std::string_view body, Notes& notes, const char* must_be_map = nullptr) {
  const auto root = read_document(body);
  if (!root) {
    notes.add(root.error().at, "", root.error().message);
    return nullptr;
  }
  if (must_be_map != nullptr && (*root)->kind != ValueKind::map) {
    notes.add((*root)->at, "", must_be_map);
    return nullptr;
  }
  return *root;
}

} // namespace

Result<std::vector<alarm::Rule>> parse_rules(std::string_view text, const std::string& file_name) {
  const std::string_view body = without_mark(text);
  Notes notes;
  const auto root = noted_document(body, notes);
  if (!root) return tl::unexpected(notes.error(body, file_name));
  Section top(notes, as_alarms(root), "", "");
  auto rules = read_rules(top);
  if (!notes.empty()) return tl::unexpected(notes.error(body, file_name));
  return rules;
}

Result<webhook::Rules> parse_webhook_rules(std::string_view text, const std::string& file_name) {
  const std::string_view body = without_mark(text);
  Notes notes;
  const auto root =
      noted_document(body, notes, "must be one webhook: a map with format, and map for format generic");
  if (!root) return tl::unexpected(notes.error(body, file_name));
  Section section(notes, root, "", "webhooks[]");
  auto rules = read_webhook_rules(section);
  if (!notes.empty()) return tl::unexpected(notes.error(body, file_name));
  return rules;
}

Result<mailrules::Rules> parse_mail_rules(std::string_view text, const std::string& file_name) {
  const std::string_view body = without_mark(text);
  Notes notes;
  const auto root = noted_document(body, notes, "must be one listener of sources.mail: a map with rules");
  if (!root) return tl::unexpected(notes.error(body, file_name));
  Section section(notes, root, "", "sources.mail[]");
  auto rules = read_mail_rules(section);
  if (!notes.empty()) return tl::unexpected(notes.error(body, file_name));
  return rules;
}

Result<Settings> parse(std::string_view text, const std::string& file_name, const Environment& environment) {
  const std::string_view body = without_mark(text);
  Notes notes;
  const auto root =
      noted_document(body, notes, "the file must be a map of sections (listen, people, policies ...)");
  if (!root) return tl::unexpected(notes.error(body, file_name));
  Section top(notes, root, "", "");
  Settings settings = read_settings(top, Surroundings{environment, folder_of(file_name)});
  if (!notes.empty()) return tl::unexpected(notes.error(body, file_name));
  settings.engine.version = sha256_hex(text).substr(0, version_digits);
  return settings;
}

Result<Settings> load(const std::string& path, const Environment& environment) {
  auto file = environment.read_file(path);
  if (!file) return tl::unexpected(file.error());
  return parse(file->text, path, environment);
}

} // namespace kaden::config
