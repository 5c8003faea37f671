#include "dates.h"
#include "feeds.h"
#include "items.h"
#include "links.h"
#include "xml.h"

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

namespace {

Item read_item(const pugi::xml_node& node, std::string_view base) {
  Item item;
  std::string description, encoded, dc_date;
  for (const auto& child : node.children()) {
    const std::string_view name = child.name();
    if (name == "title") {
      item.title = tidy_title(text_of(child));
    } else if (name == "description") {
      description = markup_of(child);
    } else if (name == "link") {
      item.link = resolve_link(text_of(child), base);
    } else if (name == "guid") {
      item.id = std::string(trim(text_of(child)));
    } else if (name == "pubDate") {
      item.at = parse_feed_date(text_of(child));
    } else if (name == "maintenanceEndDate") {
      item.maintenance_end = parse_feed_date(text_of(child));
    } else if (name == "dc:date") {
      dc_date = text_of(child);
    } else if (local_name(child) == "encoded" && in_namespace(child, content_namespace)) {
      encoded = markup_of(child);
    }
  }
  if (!item.at) item.at = parse_feed_date(dc_date);
  item.body = tokenize(trim(encoded).empty() ? description : encoded);
  // A guid is a link unless it says that it is none.
  if (item.link.empty() && std::string_view(node.child("guid").attribute("isPermaLink").value()) != "false") {
    item.link = resolve_link(item.id, "");
  }
  if (item.title.empty()) {
    item.title = std::string(cut_utf8(plain_text(item.body, limits::status_title_bytes_max), 120));
  }
  return item;
}

} // namespace

Result<Page> read_rss(const pugi::xml_node& rss, std::string_view url) {
  const auto channel = rss.child("channel");
  if (!channel) return fail(Fault::invalid, "it is RSS without a channel");
  Page page;
  page.name = tidy_title(text_of(channel.child("title")));
  page.at = parse_feed_date(text_of(channel.child("lastBuildDate")));
  if (!page.at) page.at = parse_feed_date(text_of(channel.child("pubDate")));
  // The channel's link says where the page is; where the feed came from is as good when it lacks a host.
  std::string base = resolve_link(text_of(channel.child("link")), url);
  if (base.empty()) base = std::string(url);
  Gathering gathering;
  for (const auto& child : channel.children("item")) {
    if (const auto added = gathering.add(read_item(child, base)); !added)
      return tl::unexpected(added.error());
  }
  page.reports = gathering.finish();
  return page;
}

} // namespace kaden::statusfeed
