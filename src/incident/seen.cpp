#include "seen.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

Key key_of(std::initializer_list<std::string_view> parts) {
  Packer packed;
  for (const std::string_view part : parts) packed.text(part);
  const Sha256 digest = sha256(packed.bytes());
  Key key;
  for (std::size_t i = 0; i < 8; ++i) {
    key.high = key.high << 8 | digest[i];
    key.low = key.low << 8 | digest[i + 8];
  }
  return key;
}

void save(Packer& out, const Key& key) {
  out.number(key.high);
  out.number(key.low);
}

Key restore_key(Unpacker& in) {
  Key key;
  key.high = in.number();
  key.low = in.number();
  return key;
}

bool SeenIds::contains(const Key& key) const {
  return table_.find(key, [this](std::uint64_t number) { return key_at(number); }).has_value();
}

void SeenIds::add(const Key& key, WallTime at) {
  const auto key_of_number = [this](std::uint64_t number) { return key_at(number); };
  while (!order_.empty() &&
         (order_.size() >= limits::seen_events_max || at - order_.front().at > limits::seen_events_age_max)) {
    table_.erase(order_.front().key, key_of_number);
    order_.pop_front();
    ++first_;
  }
  order_.push_back({at, key});
  table_.insert(key, first_ + order_.size() - 1, key_of_number);
}

void SeenIds::save(Packer& out) const {
  out.number(order_.size());
  WallTime before{};
  for (const Entry& entry : order_) {
    out.wait(entry.at - before);
    incident::save(out, entry.key);
    before = entry.at;
  }
}

bool SeenIds::restore(Unpacker& in) {
  const std::size_t count = in.count();
  WallTime before{};
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    const Millis step = in.wait();
    if (i > 0 && step < Millis(0)) return false;
    before += step;
    if (before > limits::wall_time_max) return false;
    const Key key = restore_key(in);
    if (contains(key) || order_.size() >= limits::seen_events_max) return false;
    order_.push_back({before, key});
    table_.insert(key, order_.size(), [this](std::uint64_t number) { return key_at(number); });
  }
  return !in.bad();
}

} // namespace kaden::incident
