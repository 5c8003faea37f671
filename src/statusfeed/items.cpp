#include "items.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "dates.h"
#include "links.h"
#include "words.h"

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

namespace {

using Draft = Gathering::Draft;

std::string short_digest(std::string_view text) {
  return sha256_hex(text).substr(0, 16);
}

/// By time and word when there is a time, since a text may be mended without being news.
std::string key_of(const Report& report, std::string_view word) {
  std::string name = to_lower(word);
  std::replace(name.begin(), name.end(), ' ', '_');
  if (name.empty()) name = "update";
  if (report.at) return bounded_id(to_iso8601(*report.at) + '-' + name);
  return bounded_id(name + '-' + short_digest(report.text));
}

/// A word for the stage at the front of a title or text, as look-alikes of Statuspage write it.
struct Front {
  std::optional<StageWord> word;
  std::string_view rest; // without it
};

Front front_of(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.substr(0, 34).find(']');
    if (end == std::string_view::npos) return {std::nullopt, text};
    const auto word = stage_word(text.substr(1, end - 1));
    return {word, word ? trim(text.substr(end + 1)) : text};
  }
  for (const std::string_view mark : {":", " - ", " \u2013 "}) {
    const std::size_t end = text.substr(0, 36).find(mark);
    if (end == std::string_view::npos) continue;
    if (const auto word = stage_word(text.substr(0, end)))
      return {word, trim(text.substr(end + mark.size()))};
  }
  return {std::nullopt, text};
}

// Amazon's dashboard ------------------------------------------------------------------------------------

struct Prefix {
  std::string_view text;
  Stage stage;
  Impact impact;
};
constexpr std::array<Prefix, 5> prefixes{{
    {"Informational message:", Stage::investigating, Impact::none},
    {"Service degradation:", Stage::investigating, Impact::minor},
    {"Service impact:", Stage::investigating, Impact::major},
    {"Service disruption:", Stage::investigating, Impact::critical},
    {"Service is operating normally:", Stage::resolved, Impact::unknown},
}};

struct AwsId {
  std::string_view slug;  // "ec2-ap-northeast-1"
  std::string_view epoch; // of the update
};

/// Of a guid such as https://status.aws.amazon.com/#ec2-ap-northeast-1_1787541602.
std::optional<AwsId> aws_id_of(std::string_view guid) {
  const std::size_t hash = guid.find('#');
  if (hash == std::string_view::npos ||
      guid.substr(0, hash).find("aws.amazon.com") == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = guid.substr(hash + 1);
  const std::size_t under = rest.rfind('_');
  if (under == std::string_view::npos || under == 0) return std::nullopt;
  const std::string_view slug = rest.substr(0, under);
  const std::string_view epoch = rest.substr(under + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_of_slug = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (slug.size() > 64 || !std::all_of(slug.begin(), slug.end(), is_of_slug)) return std::nullopt;
  if (epoch.empty() || epoch.size() > 11 || !std::all_of(epoch.begin(), epoch.end(), is_digit)) {
    return std::nullopt;
  }
  return AwsId{slug, epoch};
}

Draft aws_draft(const Item& item, const AwsId& id) {
  Draft draft;
  Report& report = draft.report;
  std::string_view title = item.title;
  for (const Prefix& prefix : prefixes) {
    if (!starts_with_no_case(title, prefix.text)) continue;
    draft.stage = prefix.stage;
    report.impact = prefix.impact;
    title = trim(title.substr(prefix.text.size()));
    break;
  }
  constexpr std::string_view resolved = "[RESOLVED]";
  if (starts_with_no_case(title, resolved)) {
    draft.stage = Stage::resolved;
    title = trim(title.substr(resolved.size()));
  }
  report.title = std::string(title);
  report.incident = bounded_id(std::string(id.slug) + '/' + report.title);
  report.at = item.at;
  if (!report.at) report.at = wall_time(*parse_int(id.epoch) * 1'000);
  report.update_key = std::string(id.epoch);
  report.text = plain_text(item.body, limits::status_text_bytes_max);
  report.components = {std::string(id.slug)};
  return draft;
}

// Statuspage --------------------------------------------------------------------------------------------

constexpr std::string_view scheduled_mark = "THIS IS A SCHEDULED EVENT";

/// "Aug 30, 15:00 - 19:00 UTC" behind the mark; "" when it is not there.
std::string scheduled_window(const Item& item) {
  const std::size_t most = std::min<std::size_t>(item.body.size(), 24); // it is the first paragraph
  const std::string head = plain_text(std::span(item.body).first(most), 512);
  if (!head.starts_with(scheduled_mark)) return {};
  const std::string_view rest = std::string_view(head).substr(scheduled_mark.size());
  return std::string(trim(rest.substr(0, rest.find('\n'))));
}

void add_window(const Item& item, Stage stage, Report& report) {
  const std::string window = scheduled_window(item);
  const auto near = item.maintenance_end ? item.maintenance_end : item.at;
  report.window_end = item.maintenance_end;
  if (!window.empty() && near) report.window_begin = parse_stamp(window, *near);
  // pubDate is the planned start until the maintenance is over.
  if (!report.window_begin && !is_over(stage)) report.window_begin = item.at;
}

Draft statuspage_draft(const Item& item, const std::vector<Update>& updates) {
  Draft draft;
  Report& report = draft.report;
  for (const Update& update : updates) {
    const auto word = stage_word(update.word);
    if (!word || !word->stage) continue;
    draft.stage = word->stage;
    break;
  }
  report.is_definite = draft.stage.has_value(); // one item an incident, edited in place
  const Stage stage = draft.stage.value_or(Stage::unknown);
  report.is_maintenance =
      item.maintenance_end.has_value() || is_of_maintenance(stage) || !scheduled_window(item).empty();
  report.at = item.at;
  if (report.is_maintenance) {
    add_window(item, stage, report);
    report.impact = Impact::maintenance;
    const auto near = item.at ? item.at : item.maintenance_end;
    report.at = near ? parse_stamp(updates.front().stamp, *near) : std::nullopt;
  }
  report.text = updates.front().text;
  report.update_key = key_of(report, updates.front().word);
  return draft;
}

// Anything else -----------------------------------------------------------------------------------------

/// The first bold words, when they are a stage.
std::optional<StageWord> bold_word(const std::vector<Token>& body) {
  for (std::size_t i = 0; i + 1 < body.size(); ++i) {
    if (body[i].is_open("strong") || body[i].is_open("b")) return stage_word(body[i + 1].text);
  }
  return std::nullopt;
}

Draft loose_draft(const Item& item) {
  Draft draft;
  Report& report = draft.report;
  const std::string whole = plain_text(item.body, limits::status_text_bytes_max);
  const Front text = front_of(whole);
  auto word = text.word;
  if (!word) word = bold_word(item.body);
  if (!word) word = front_of(item.title).word;
  if (word) draft.stage = word->stage;
  const Stage stage = draft.stage.value_or(Stage::unknown);
  report.is_maintenance = item.maintenance_end.has_value() || is_of_maintenance(stage);
  report.at = item.at;
  if (report.is_maintenance) {
    add_window(item, stage, report);
    report.impact = Impact::maintenance;
    // A date that may be the planned start tells nothing about the newest update.
    if (!is_over(stage)) report.at = std::nullopt;
  }
  report.text = std::string(text.rest);
  report.update_key = key_of(report, draft.stage ? to_text(stage) : std::string_view());
  return draft;
}

Draft draft_of(const Item& item) {
  if (const auto aws = aws_id_of(item.id)) return aws_draft(item, *aws);
  const auto updates = find_updates(item.body);
  Draft draft = updates.empty() ? loose_draft(item) : statuspage_draft(item, updates);
  Report& report = draft.report;
  report.title = item.title;
  std::string_view id = incident_code(item.link);
  if (id.empty()) id = incident_code(item.id);
  if (id.empty()) id = item.id;
  if (id.empty()) id = item.link;
  const std::string title = "title:" + std::string(front_of(item.title).rest);
  report.incident = bounded_id(id.empty() ? std::string_view(title) : id);
  return draft;
}

void add_regions(const Item& item, Report& report) {
  find_regions(report.title, report.regions);
  for (const std::string& component : report.components) find_regions(component, report.regions);
  for (const Token& token : item.body) {
    if (token.kind == Token::Kind::text) find_regions(token.text, report.regions);
  }
}

/// Newest first; the whole content decides between items of one second, never their order in the feed.
bool is_newer(const Draft& a, const Draft& b) {
  const auto order = [](const Draft& draft) {
    const Report& report = draft.report;
    return std::make_tuple(report.at, rank_of(draft.stage.value_or(Stage::unknown)),
                           std::string_view(report.update_key), std::string_view(report.text),
                           std::string_view(report.title), std::string_view(report.link));
  };
  return order(a) > order(b);
}

Report fold(std::vector<Draft> drafts) {
  std::stable_sort(drafts.begin(), drafts.end(), is_newer);
  Report report = std::move(drafts.front().report);
  std::optional<Stage> stage = drafts.front().stage;
  for (std::size_t i = 1; i < drafts.size(); ++i) {
    const Report& older = drafts[i].report;
    if (!stage) stage = drafts[i].stage;
    if (report.impact == Impact::unknown) report.impact = older.impact;
    report.regions.insert(report.regions.end(), older.regions.begin(), older.regions.end());
  }
  report.stage = stage.value_or(Stage::unknown);
  std::sort(report.regions.begin(), report.regions.end());
  report.regions.erase(std::unique(report.regions.begin(), report.regions.end()), report.regions.end());
  if (report.regions.size() > limits::status_names_max) report.regions.resize(limits::status_names_max);
  return report;
}

} // namespace

Result<void> Gathering::add(const Item& item) {
  if (++count_ > limits::status_items_max) {
    return fail(Fault::invalid, fmt::format("it has more than {} items", limits::status_items_max));
  }
  Draft draft = draft_of(item);
  draft.report.link = item.link;
  add_regions(item, draft.report);
  auto& group = drafts_[draft.report.incident];
  group.push_back(std::move(draft));
  if (drafts_.size() > limits::status_incidents_max) {
    return fail(Fault::invalid, fmt::format("it has more than {} incidents", limits::status_incidents_max));
  }
  return {};
}

std::vector<Report> Gathering::finish() {
  std::vector<Report> reports;
  reports.reserve(drafts_.size());
  for (auto& [incident, group] : drafts_) reports.push_back(fold(std::move(group)));
  drafts_.clear();
  count_ = 0;
  return reports;
}

} // namespace kaden::statusfeed
