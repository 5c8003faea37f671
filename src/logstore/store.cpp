#include <algorithm>

#include "store_impl.h"

#include "kaden/limits/logs.h"

namespace kaden::logstore {

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() {
  impl_->close(); // what is still in the queue refers to us
}

Result<std::unique_ptr<Store>> Store::open(const Settings& settings, const runtime::Clock& clock, Sink sink) {
  auto impl = std::make_unique<Impl>(settings, clock, std::move(sink));
  if (auto opened = impl->open(); !opened) return fail_while("opening " + settings.path, opened.error());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

void Store::create_group(const std::string& name, std::map<std::string, std::string> tags, Done done,
                         std::string maker) {
  impl_->submit(
      Change{[this, name, tags = std::move(tags), maker = std::move(maker)](WallTime now) -> Result<void> {
               Catalog& catalog = impl_->catalog;
               if (catalog.group_id(name)) {
                 return fail(Fault::conflict, "the log group " + name + " exists");
               }
               if (catalog.ages().size() >= limits::log_groups_max) {
                 return fail(Fault::denied, "there are as many log groups as may be");
               }
               if (!maker.empty() && catalog.groups_of(maker) >= limits::log_groups_of_one_max)
                 return fail(Fault::denied, "this access key has made as many log groups as one may");
               std::int64_t id = 0;
               auto made = impl_->change([&]() -> Result<void> {
                 const auto added = impl_->file->add_group(name, now, tags_to_text(tags), maker);
                 if (!added) return tl::unexpected<Error>(added.error());
                 id = *added;
                 return {};
               });
               if (!made) return made;
               Group group;
               group.name = name;
               group.created = now;
               group.tags = tags;
               group.maker = maker;
               catalog.add_group(id, std::move(group));
               impl_->refresh(name);
               return {};
             },
             std::move(done)});
}

void Store::delete_group(const std::string& name, Done done) {
  impl_->submit(Change{[this, name](WallTime /*now*/) -> Result<void> {
                         const auto id = impl_->catalog.group_id(name);
                         if (!id) return fail(Fault::not_found, "the log group " + name + " is not there");
                         auto gone = impl_->change([&] { return impl_->file->remove_group(*id); });
                         if (!gone) return gone;
                         impl_->catalog.remove_group(name);
                         impl_->live.remove(name);
                         impl_->is_dropping = true;
                         return {};
                       },
                       std::move(done)});
}

void Store::set_retention(const std::string& group, std::optional<int> days, Done done) {
  impl_->submit(Change{[this, group, days](WallTime /*now*/) -> Result<void> {
                         const auto id = impl_->catalog.group_id(group);
                         if (!id) return fail(Fault::not_found, "the log group " + group + " is not there");
                         auto set = impl_->change([&] { return impl_->file->set_retention(*id, days); });
                         if (set) impl_->catalog.set_retention(group, days);
                         return set;
                       },
                       std::move(done)});
}

void Store::set_tags(const std::string& group,
                     std::function<Result<void>(std::map<std::string, std::string>&)> change, Done done) {
  impl_->submit(Change{[this, group, change = std::move(change)](WallTime /*now*/) -> Result<void> {
                         const auto id = impl_->catalog.group_id(group);
                         auto known = impl_->catalog.group(group);
                         if (!id || !known) {
                           return fail(Fault::not_found, "the log group " + group + " is not there");
                         }
                         if (auto changed = change(known->tags); !changed) return changed;
                         auto set = impl_->change(
                             [&] { return impl_->file->set_tags(*id, tags_to_text(known->tags)); });
                         if (set) impl_->catalog.set_tags(group, std::move(known->tags));
                         return set;
                       },
                       std::move(done)});
}

void Store::create_stream(const std::string& group, const std::string& name, Done done, std::string maker) {
  impl_->submit(Change{[this, group, name, maker = std::move(maker)](WallTime now) -> Result<void> {
                         Catalog& catalog = impl_->catalog;
                         const auto in = catalog.group_id(group);
                         if (!in) return fail(Fault::not_found, "the log group " + group + " is not there");
                         if (catalog.stream(group, name)) {
                           return fail(Fault::conflict, "the log stream " + name + " exists");
                         }
                         if (catalog.stream_count() >= limits::log_streams_max) {
                           return fail(Fault::denied, "there are as many log streams as may be");
                         }
                         if (!maker.empty() && catalog.streams_of(maker) >= limits::log_streams_of_one_max)
                           return fail(Fault::denied,
                                       "this access key has made as many log streams as one may");
                         std::int64_t id = 0;
                         auto made = impl_->change([&]() -> Result<void> {
                           const auto added = impl_->file->add_stream(*in, name, now, maker);
                           if (!added) return tl::unexpected<Error>(added.error());
                           id = *added;
                           return {};
                         });
                         if (made) catalog.add_stream(group, id, {name, now, {}, {}, {}, maker});
                         return made;
                       },
                       std::move(done)});
}

void Store::delete_stream(const std::string& group, const std::string& name, Done done) {
  impl_->submit(Change{[this, group, name](WallTime /*now*/) -> Result<void> {
                         const auto target = impl_->catalog.target(group, name);
                         if (!target) return tl::unexpected<Error>(target.error());
                         auto gone =
                             impl_->change([&] { return impl_->file->remove_stream(target->stream); });
                         if (!gone) return gone;
                         impl_->catalog.remove_stream(group, name);
                         impl_->is_dropping = true;
                         return {};
                       },
                       std::move(done)});
}

void Store::put_filter(Filter filter, Done done) {
  impl_->submit(
      Change{[this, filter = std::move(filter)](WallTime now) { return impl_->put_filter(filter, now); },
             std::move(done)});
}

void Store::delete_filter(const std::string& group, const std::string& name, Done done) {
  impl_->submit(Change{[this, group, name](WallTime /*now*/) -> Result<void> {
                         const auto id = impl_->catalog.group_id(group);
                         if (!id) return fail(Fault::not_found, "the log group " + group + " is not there");
                         const auto filters = impl_->catalog.filters_of(group);
                         const auto known = std::find_if(filters.begin(), filters.end(),
                                                         [&](const Filter& one) { return one.name == name; });
                         if (known == filters.end()) {
                           return fail(Fault::not_found, "the metric filter " + name + " is not there");
                         }
                         if (known->is_configured) {
                           return fail(Fault::invalid,
                                       "the metric filter " + name + " stands in the configuration");
                         }
                         auto gone = impl_->change([&] { return impl_->file->remove_filter(*id, name); });
                         if (!gone) return gone;
                         impl_->catalog.remove_filter(group, name);
                         impl_->refresh(group);
                         return {};
                       },
                       std::move(done)});
}

Result<void> Store::set_configured_filters(std::vector<Filter> filters) {
  for (Filter& filter : filters) {
    if (auto made = make_filter(filter); !made) return fail_while(filter.name, made.error());
    filter.is_configured = true;
    filter.created = impl_->clock.wall();
  }
  impl_->submit(
      Change{[this, filters = std::move(filters)](WallTime /*now*/) -> Result<void> {
               impl_->catalog.set_configured(filters);
               for (const auto& group : impl_->catalog.groups({"", "", "", limits::log_groups_max})) {
                 impl_->refresh(group.name);
               }
               return {};
             },
             {}},
      true);
  return {};
}

void Store::append(const std::string& group, const std::string& stream, std::vector<Event> events, Done done,
                   std::string writer) {
  require(!events.empty(), "a batch of log events is not empty");
  impl_->submit(Append{group, stream, std::move(events), {}, 0, 0, std::move(done), std::move(writer)});
}

void Store::read(Query query, DonePage done) {
  const std::string asker = query.asker;
  Asked asked{std::move(query), std::move(done)};
  if (impl_->reads.post(asker, std::move(asked))) return;
  {
    const std::lock_guard lock(impl_->mutex);
    ++impl_->counts.refused_busy;
  }
  asked.done( // NOLINT(bugprone-use-after-move): refused, it is untouched
      fail(Fault::busy, "too many queries are waiting, try again in a second"));
}

std::optional<Group> Store::group(const std::string& name) const {
  return impl_->catalog.group(name);
}

std::optional<Stream> Store::stream(const std::string& group, const std::string& name) const {
  return impl_->catalog.stream(group, name);
}

Millis Store::keep_of(const Group& group) const {
  return group.retention_days ? seconds(86'400) * *group.retention_days : impl_->settings.keep;
}

std::vector<Group> Store::groups(const Names& names) const {
  return impl_->catalog.groups(names);
}

Result<std::vector<Stream>> Store::streams(const std::string& group, const Names& names,
                                           bool descending) const {
  return impl_->catalog.streams(group, names, descending);
}

Result<std::vector<Stream>> Store::streams_by_time(const std::string& group,
                                                   const std::optional<Stream>& after, std::size_t most,
                                                   bool descending) const {
  return impl_->catalog.streams_by_time(group, after, most, descending);
}

std::vector<Filter> Store::filters(const FilterNames& names) const {
  return impl_->catalog.filters(names);
}

void Store::tick() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_ticked = true;
  }
  impl_->ready.notify_one();
}

std::string Store::trouble() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->disk_trouble.empty() ? impl_->space_trouble : impl_->disk_trouble;
}

Store::Counts Store::counts() const {
  Counts counts;
  {
    const std::lock_guard lock(impl_->mutex);
    counts = impl_->counts;
    counts.queue_bytes = impl_->queue_bytes;
  }
  impl_->catalog.count_into(counts);
  return counts;
}

} // namespace kaden::logstore
