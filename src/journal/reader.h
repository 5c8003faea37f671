/// reader.h - reads a journal file on a connection of its own. Room: journal, inside.
/// Each function opens and closes one connection, so any number may run beside the writer. Long reads are cut
/// into short read transactions: a lasting one would keep the WAL from being folded back and let it grow.
#pragma once

#include <string>

#include "kaden/journal.h"

namespace kaden::journal {

/// One database file and the installation whose chain is in it.
struct Source {
  std::string path;
  std::string installation;
};

Result<void> read_entries(const Source& source, Position after,
                          const std::function<bool(const Entry&)>& take);
Result<Check> verify_entries(const Source& source);
Result<std::optional<Snapshot>> read_latest_snapshot(const Source& source);

/// Where the chain stands; checks the last link, so that a writer never builds on a broken one.
struct Head {
  Position position = 0;
  Sha256 chain{};
};
Result<Head> read_head(const Source& source);

} // namespace kaden::journal
