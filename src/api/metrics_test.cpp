// The text of /metrics, read back as Prometheus reads it.
#include "kaden/metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>

namespace kaden::api {
namespace {

using Values = std::map<std::string, std::string>; // "name{labels}" -> value

/// Text exposition 0.0.4: HELP, then TYPE, then the samples of that name; nothing twice.
Values parse(const std::string& text) {
  static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+");
  static const std::regex type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (gauge|counter|histogram)");
  static const std::regex sample(
      "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{(?:[a-z_]+=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\",?)+\\})? "
      "([-+]?(?:[0-9]+(?:\\.[0-9]+)?(?:e[-+]?[0-9]+)?|Inf|inf|nan))");
  Values values;
  std::string name;
  std::string kind;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const std::string one(line);
    std::smatch found;
    if (std::regex_match(one, found, help)) {
      name = found[1];
      kind.clear();
    } else if (std::regex_match(one, found, type)) {
      EXPECT_EQ(found[1], name) << one;
      kind = found[2];
    } else if (std::regex_match(one, found, sample)) {
      const std::string base =
          kind == "histogram" ? std::regex_replace(found[1].str(), std::regex("_(bucket|sum|count)$"), "")
                              : found[1].str();
      EXPECT_EQ(base, name) << one;
      EXPECT_FALSE(kind.empty()) << one;
      EXPECT_TRUE(values.emplace(found[1].str() + found[2].str(), found[3]).second) << "twice: " << one;
    } else {
      ADD_FAILURE() << "not a line of the format: " << one;
    }
  }
  return values;
}

TEST(Metrics, GaugesAndCounters) {
  const auto values = parse(to_text({gauge("kaden_a", "A gauge.", 0.25), counter("kaden_b_total", "B.", 7)}));
  EXPECT_EQ(values, (Values{{"kaden_a", "0.25"}, {"kaden_b_total", "7"}}));
}

TEST(Metrics, LabelsAreEscaped) {
  const Metric metric{
      "kaden_a", "A.", MetricKind::gauge, {{{{"name", "a \"b\" \\ c\nd"}, {"two", "2"}}, 1}}, {}};
  EXPECT_EQ(parse(to_text({metric})), (Values{{"kaden_a{name=\"a \\\"b\\\" \\\\ c\\nd\",two=\"2\"}", "1"}}));
}

TEST(Metrics, AHistogramIsCumulativeAndInTheMetricsUnit) {
  writer::Histogram<3> from{{1, 10, 500}};
  for (const std::int64_t ms : {0, 5, 500, 700}) from.note(ms);
  const auto values = parse(to_text({histogram("kaden_h_seconds", "H.", from, 1e-3)}));
  EXPECT_EQ(values, (Values{{"kaden_h_seconds_count", "4"},
                            {"kaden_h_seconds_sum", "1.205"},
                            {"kaden_h_seconds_bucket{le=\"0.001\"}", "1"},
                            {"kaden_h_seconds_bucket{le=\"0.01\"}", "2"},
                            {"kaden_h_seconds_bucket{le=\"0.5\"}", "3"},
                            {"kaden_h_seconds_bucket{le=\"+Inf\"}", "4"}}));
}

TEST(Metrics, OfTheEngine) {
  incident::Counts counts;
  counts.triggered = 3;
  counts.acknowledged = 2;
  counts.resolved_kept = 1;
  counts.exhausted_ever = 4;
  const auto values = parse(to_text(metrics_of(counts)));
  EXPECT_EQ(values.at("kaden_incidents{state=\"triggered\"}"), "3");
  EXPECT_EQ(values.at("kaden_incidents{state=\"acknowledged\"}"), "2");
  EXPECT_EQ(values.at("kaden_incidents{state=\"resolved\"}"), "1");
  EXPECT_EQ(values.at("kaden_incidents_exhausted_total"), "4");
}

} // namespace
} // namespace kaden::api
