/// items.h - items of any feed, put together to one report an incident. Room: statusfeed.
/// Threads: one owner. Errors: invalid, when there are more than kaden/limits/provider_status.h allows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kaden/statusfeed.h"
#include "markup.h"

namespace kaden::statusfeed {

/// One <item> or <entry>.
struct Item {
  std::string id;                          ///< guid or Atom id, character by character; may be empty
  std::string link;                        ///< absolute, or empty
  std::string title;                       ///< tidy
  std::vector<Token> body;                 ///< the description
  std::optional<WallTime> at;              ///< pubDate, published
  std::optional<WallTime> maintenance_end; ///< Statuspage's maintenanceEndDate
};

class Gathering {
 public:
  Result<void> add(const Item& item);
  /// Sorted by incident. The order of add() does not matter.
  std::vector<Report> finish();

  struct Draft {
    Report report;
    std::optional<Stage> stage; ///< absent: the item says "Update", or nothing
  };

 private:
  // State
  std::map<std::string, std::vector<Draft>> drafts_; // by incident
  std::size_t count_ = 0;
};

} // namespace kaden::statusfeed
