/// sample_pages.h - the files of testdata/ and pages made by hand, for tests. Room: statusfeed.
#pragma once

#include <gtest/gtest.h>
#include <source_folder.h>

#include <fstream>
#include <iterator>
#include <string>

#include "kaden/status_watch.h"

namespace kaden::statusfeed {

inline constexpr const char* sample_url = "https://status.vmware-services.io/history.rss";

inline std::string sample(const std::string& name) {
  std::ifstream file(source_folder() + "/src/statusfeed/testdata/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Page sample_page(const std::string& name, const std::string& url = sample_url) {
  auto page = parse(sample(name), url);
  EXPECT_TRUE(page) << name << ": " << (page ? "" : page.error().message);
  return page ? *page : Page{};
}

inline const Report* find(const Page& page, std::string_view incident) {
  for (const Report& report : page.reports) {
    if (report.incident == incident) return &report;
  }
  return nullptr;
}

inline WallTime time_at(std::string_view iso) {
  const auto at = parse_iso8601(iso);
  EXPECT_TRUE(at) << iso;
  return at ? *at : WallTime{};
}

// Of watches ---------------------------------------------------------------------------------------------

inline WatchSettings settings() {
  WatchSettings wanted;
  wanted.page = "vmc";
  return wanted;
}

/// "opened new_incident k3d4n1nc1d01 investigating"
inline std::string line_of(const News& news) {
  return std::string(to_text(news.happening)) + ' ' + std::string(to_text(news.why)) + ' ' +
         news.report.incident + ' ' + std::string(to_text(news.report.stage));
}

inline std::vector<std::string> lines_of(const std::vector<News>& news) {
  std::vector<std::string> lines;
  for (const News& one : news) lines.push_back(line_of(one));
  return lines;
}

inline Report report(std::string incident, Stage stage, std::string_view at) {
  Report made;
  made.incident = std::move(incident);
  made.title = "Title of " + made.incident;
  made.stage = stage;
  if (!at.empty()) made.at = time_at(at);
  made.update_key = std::string(at) + '-' + std::string(to_text(stage));
  return made;
}

inline Page page_of(std::vector<Report> reports) {
  Page page;
  page.reports = std::move(reports);
  return page;
}

} // namespace kaden::statusfeed
