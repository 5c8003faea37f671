// Each watcher's thread: look, note, wait.
#include <algorithm>

#include "kaden/limits/sources.h"
#include "kaden/source.h"

namespace kaden::source {

Watching::Watching(std::vector<std::unique_ptr<Watcher>> watchers, const runtime::Clock& clock)
    : clock_(clock) {
  posts_.reserve(watchers.size()); // the threads keep references
  for (auto& watcher : watchers) {
    Post& post = posts_.emplace_back();
    post.standing.source = watcher->source();
    post.standing.name = watcher->name();
    post.watcher = std::move(watcher);
  }
  for (Post& post : posts_) post.thread = std::thread([this, &post] { run(post); });
}

Watching::~Watching() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  ended_.notify_all();
  for (Post& post : posts_) post.thread.join();
}

std::vector<Standing> Watching::standings() const {
  std::lock_guard lock(mutex_);
  std::vector<Standing> standings;
  standings.reserve(posts_.size());
  for (const Post& post : posts_) standings.push_back(post.standing);
  return standings;
}

void Watching::run(Post& post) {
  runtime::name_thread("kaden-" + post.watcher->source().substr(0, 9));
  while (!cancelled_) {
    const Looked looked = post.watcher->look(cancelled_);
    if (cancelled_) return; // what the cancelling broke off is no trouble
    note(post, looked);
    if (!wait(std::clamp(looked.again_in, limits::look_again_min, limits::look_again_max))) return;
  }
}

void Watching::note(Post& post, const Looked& looked) {
  const WallTime now = clock_.wall();
  std::lock_guard lock(mutex_);
  Standing& standing = post.standing;
  standing.looked_at = now;
  ++standing.looks;
  standing.events += looked.reported;
  standing.trouble = looked.trouble ? looked.trouble->message : "";
  standing.counts = looked.counts;
  standing.levels = looked.levels;
  standing.hint = looked.hint;
  if (looked.trouble) {
    ++standing.failures;
  } else {
    standing.read_at = now;
  }
}

bool Watching::wait(Millis time) {
  std::unique_lock lock(mutex_);
  return !ended_.wait_for(lock, time, [this] { return cancelled_.load(); });
}

} // namespace kaden::source
