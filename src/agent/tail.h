/// tail.h - gathers what followed files get into requests (PutLogEvents). Room: agent, inside. Uses: tail.
/// Threads: one; PositionBook: any. Errors: what cannot be read is told by the log and tried again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kaden/agent_settings.h"
#include "kaden/tail.h"
#include "log_text.h"
#include "parcel.h"

namespace kaden::agent {

/// How far files are safely done with; on disk when there is a path.
class PositionBook {
 public:
  /// Empty path: memory only. What cannot be read is told, and as if it were not there.
  PositionBook(std::string path, std::function<void(const std::string&)> log);
  void mark(const FilePosition& at) { book_.mark(at); }
  /// Writes them when they have changed.
  void save();
  tail::PositionBook& book() { return book_; }

 private:
  const std::string path_;
  const std::function<void(const std::string&)> log_;
  tail::PositionBook book_;
};

class Tail {
 public:
  struct Request {
    std::string group, stream, body;
    std::vector<FilePosition> positions;
  };
  struct Sink {
    std::function<bool()> has_room; ///< else nothing is read for now
    std::function<void(Request)> put;
  };

  /// `settings` were checked; `host` fills {host}.
  Tail(const Settings& settings, std::string host, PositionBook& book,
       std::function<void(const std::string&)> log);

  /// Looks at all files once and hands over what is new. True when more waits to be read than one round
  /// takes.
  bool round(WallTime now, const Sink& sink);
  std::size_t following() const { return files_.following(); }

 private:
  struct Batch {
    std::string group, stream;
    LogBatch text;
    std::map<tail::FileKey, std::uint64_t> reached{};
  };

  void take(const tail::Event& event, WallTime now, const Sink& sink);
  void flush(const Sink& sink);
  void flush_batch(Batch& batch, const Sink& sink);
  std::string stream_of(const LogFiles& rule, const std::string& path) const;

  // Owned
  const std::vector<LogFiles> rules_;
  const std::string host_;
  tail::Tail files_;
  // State
  std::map<std::pair<std::string, std::string>, Batch> batches_;
};

} // namespace kaden::agent
