/// session.h - one logged-in conversation with a vCenter. Room: source/vcenter. Uses: base, vim, http.
/// Threads: one owner, whom it blocks. Errors: vim::Failure; not_authenticated means that the session is over
/// and has been forgotten: open() makes a new one.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "kaden/vcenter.h"

namespace kaden::vcenter {

class Session {
 public:
  /// Borrows both.
  Session(const Settings& settings, const Exchange& exchange) : settings_(settings), exchange_(exchange) {}

  bool is_open() const { return is_open_; }
  const vim::ServiceContent& content() const { return content_; }
  /// Logs in unless it is. `now` is where the event collector begins.
  vim::Answer<void> open(WallTime now, const std::atomic<bool>* cancelled);
  /// Says good-bye, since vCenter's sessions are limited; what fails is not reported.
  void close();
  /// The session is of no use any more.
  void forget();

  vim::Answer<std::vector<vim::AlarmState>> triggered(const std::atomic<bool>* cancelled);
  /// All pages. An object that is gone is left out.
  vim::Answer<std::vector<vim::ObjectContent>> read(const std::vector<vim::PropertySet>& sets,
                                                    const std::vector<vim::Ref>& objects,
                                                    const std::atomic<bool>* cancelled);
  /// False: this server or this account has no event collector, and only polling is left.
  bool can_wait() const { return !latest_page_collector_.id.empty(); }
  void stop_waiting() { latest_page_collector_ = {}; }
  /// True: something happened. Blocks for at most `most`.
  vim::Answer<bool> wait(Millis most, const std::atomic<bool>* cancelled);
  vim::Answer<void> acknowledge(const vim::Ref& alarm, const vim::Ref& entity,
                                const std::atomic<bool>* cancelled);
  vim::Answer<std::vector<vim::Ref>> definitions();

 private:
  vim::Answer<std::string> post(const std::string& body, const std::atomic<bool>* cancelled, Millis patience);
  vim::Answer<std::string> post(const std::string& body, const std::atomic<bool>* cancelled);
  vim::Answer<void> log_in(const std::atomic<bool>* cancelled);
  vim::Answer<void> open_collectors(WallTime now, const std::atomic<bool>* cancelled);
  vim::Answer<std::vector<vim::ObjectContent>> read_pages(const std::string& request,
                                                          const std::atomic<bool>* cancelled);
  vim::Answer<std::vector<vim::ObjectContent>> read_each(const std::vector<vim::PropertySet>& sets,
                                                         const std::vector<vim::Ref>& objects,
                                                         const std::atomic<bool>* cancelled);
  /// Forgets the session when the failure says that it is over.
  template <class T>
  vim::Answer<T> judged(vim::Answer<T> answer);
  void keep_cookie(const http::Headers& headers);

  // Borrowed
  const Settings& settings_;
  const Exchange& exchange_;
  // State
  bool is_open_ = false;
  std::string cookie_; ///< "vmware_soap_session=..." as it came, with its quotes
  vim::ServiceContent content_;
  vim::Ref latest_page_collector_; ///< of its own, since a second wait on one ends the first
  std::string version_;            ///< of latestPage
};

} // namespace kaden::vcenter
