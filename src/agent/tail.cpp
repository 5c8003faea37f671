#include "tail.h"

#include <algorithm>

#include "files.h"
#include "kaden/utf8.h"

namespace kaden::agent {

namespace {

std::vector<tail::Rule> rules_of(const Settings& settings) {
  std::vector<tail::Rule> rules;
  for (const LogFiles& files : settings.logs) {
    tail::Rule rule{files.path, files.exclude, files.from_end, nullptr};
    if (!files.multi_line_start.empty()) {
      auto compiled = tail::Pattern::compile(files.multi_line_start);
      require(compiled.has_value(), "patterns were checked");
      rule.start = std::make_shared<const tail::Pattern>(std::move(*compiled));
    }
    auto decoder = tail::Decoder::make(files.encoding);
    require(decoder.has_value(), "encodings were checked");
    rule.decoder = std::move(*decoder);
    rules.push_back(std::move(rule));
  }
  return rules;
}

} // namespace

// Positions
// -----------------------------------------------------------------------------------------------------

PositionBook::PositionBook(std::string path, std::function<void(const std::string&)> log)
    : path_(std::move(path)), log_(std::move(log)) {
  if (path_.empty()) return;
  const auto text = read_file(path_, 8u << 20);
  if (!text && text.error().fault == Fault::not_found) return;
  const auto positions = text ? decode_positions(*text) : tl::unexpected(text.error());
  if (!positions) {
    log_(positions.error().message + "; followed files are read from their beginning");
    return;
  }
  for (const FilePosition& at : *positions) mark(at);
  book_.take_changed();
}

void PositionBook::save() {
  if (path_.empty() || !book_.take_changed()) return;
  if (const auto saved = replace_file(path_, encode_positions(book_.all())); !saved) {
    log_("positions of followed files are not kept: " + saved.error().message);
    book_.set_changed();
  }
}

// Gathering
// -----------------------------------------------------------------------------------------------------

Tail::Tail(const Settings& settings, std::string host, PositionBook& book,
           std::function<void(const std::string&)> log)
    : rules_(settings.logs),
      host_(std::move(host)),
      files_(rules_of(settings), book.book(), std::move(log)) {}

std::string Tail::stream_of(const LogFiles& rule, const std::string& path) const {
  std::string stream = rule.stream;
  const auto fill = [&stream](std::string_view field, const std::string& value) {
    for (std::size_t at = stream.find(field); at != std::string::npos;
         at = stream.find(field, at + value.size()))
      stream.replace(at, field.size(), value);
  };
  fill("{host}", host_);
  fill("{file}", path.substr(path.rfind('/') + 1));
  std::replace_if(
      stream.begin(), stream.end(), [](char c) { return c == ':' || c == '*'; }, '_');
  return std::string(cut_utf8(repaired_utf8(stream), 512));
}

void Tail::flush_batch(Batch& batch, const Sink& sink) {
  if (batch.text.count() > 0) {
    Request request{batch.group, batch.stream, batch.text.body(), {}};
    for (const auto& [file, offset] : batch.reached)
      request.positions.push_back(files_.position(file, offset));
    sink.put(std::move(request));
  }
  batch.text = LogBatch(batch.group, batch.stream);
  batch.reached.clear();
}

void Tail::flush(const Sink& sink) {
  for (auto& [key, batch] : batches_) flush_batch(batch, sink);
  batches_.clear();
}

void Tail::take(const tail::Event& event, WallTime now, const Sink& sink) {
  const LogFiles& rule = rules_[event.rule];
  const std::string stream = stream_of(rule, event.path);
  const auto [at, is_new] =
      batches_.try_emplace({rule.group, stream}, Batch{rule.group, stream, LogBatch(rule.group, stream)});
  Batch& batch = at->second;
  if (!batch.text.add(event.text, now)) {
    flush_batch(batch, sink);
    batch.text.add(event.text, now);
  }
  batch.reached[event.file] = event.end;
}

bool Tail::round(WallTime now, const Sink& sink) {
  const tail::Sink files{sink.has_room, [&](const tail::Event& event) { take(event, now, sink); },
                         [&](const tail::FileKey& file) {
                           for (auto& [key, batch] : batches_) batch.reached.erase(file);
                         },
                         [&](const tail::FileKey&) { flush(sink); }};
  const bool has_more = files_.round(files);
  flush(sink);
  return has_more;
}

} // namespace kaden::agent
