#include "dates.h"
#include "feeds.h"
#include "items.h"
#include "links.h"
#include "xml.h"

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {

namespace {

/// RFC 4287 3.1: what a text construct or a content shows, as tokens.
std::vector<Token> tokens_of(const pugi::xml_node& node) {
  const std::string_view type = node.attribute("type").value();
  if (type == "html" || type == "text/html") return tokenize(text_of(node));
  if (type == "xhtml") return tokenize(markup_of(node));
  if (type.empty() || type == "text" || type.starts_with("text/"))
    return {{Token::Kind::text, text_of(node)}};
  return {}; // a picture or another document (4.1.3.3)
}

/// RFC 4287 2 and 4.2.7: xml:base of the element and of those around it; a link without rel is an alternate.
std::string link_of(const pugi::xml_node& node, std::string_view url) {
  std::string base(url);
  for (pugi::xml_node at = node; at; at = at.parent()) {
    const auto attribute = at.attribute("xml:base");
    if (!attribute) continue;
    const std::string absolute = resolve_link(attribute.value(), url);
    if (!absolute.empty()) base = absolute;
    break;
  }
  return resolve_link(node.attribute("href").value(), base);
}

Item read_entry(const pugi::xml_node& entry, std::string_view url) {
  Item item;
  std::optional<WallTime> updated;
  std::vector<Token> summary;
  for (const auto& child : entry.children()) {
    if (child.type() != pugi::node_element || !in_namespace(child, atom_namespace)) continue;
    const std::string_view name = local_name(child);
    if (name == "id") {
      item.id = text_of(child);
    } else if (name == "title") {
      item.title = plain_text(tokens_of(child), limits::status_title_bytes_max);
    } else if (name == "published") {
      item.at = parse_feed_date(text_of(child));
    } else if (name == "updated") {
      updated = parse_feed_date(text_of(child));
    } else if (name == "content") {
      item.body = tokens_of(child);
    } else if (name == "summary") {
      summary = tokens_of(child);
    } else if (name == "link" && item.link.empty()) {
      const std::string_view rel = child.attribute("rel").value();
      if (rel.empty() || rel == "alternate") item.link = link_of(child, url);
    }
  }
  // Statuspage moves `published` with each update; `updated` moves with mere corrections as well.
  if (!item.at) item.at = updated;
  if (plain_text(item.body, 4).empty()) item.body = std::move(summary);
  return item;
}

} // namespace

Result<Page> read_atom(const pugi::xml_node& feed, std::string_view url) {
  Page page;
  Gathering gathering;
  for (const auto& child : feed.children()) {
    if (child.type() != pugi::node_element || !in_namespace(child, atom_namespace)) continue;
    const std::string_view name = local_name(child);
    if (name == "title") {
      page.name = plain_text(tokens_of(child), limits::status_title_bytes_max);
    } else if (name == "updated") {
      page.at = parse_feed_date(text_of(child));
    } else if (name == "entry") {
      if (const auto added = gathering.add(read_entry(child, url)); !added)
        return tl::unexpected(added.error());
    }
  }
  page.reports = gathering.finish();
  return page;
}

} // namespace kaden::statusfeed
