// Traps and informs: one datagram after another, looked at from outside, then given to net-snmp.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>

#include "envelope.h"
#include "netsnmp.h"

namespace kaden::snmp {

namespace {

const Oid trap_oid_name = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1};

struct Peer {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

std::string text_of(const Peer& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.bytes.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &peer.bytes, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return text.data();
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &peer.bytes, sizeof in);
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
    inet_ntop(AF_INET, in.sin6_addr.s6_addr + 12, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

Result<int> open_socket(const std::string& address, std::uint16_t port) {
  Peer local;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&local.bytes, &v4, sizeof v4);
    local.size = sizeof v4;
  } else if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&local.bytes, &v6, sizeof v6);
    local.size = sizeof v6;
  } else {
    return fail(Fault::invalid, address + " is no address");
  }
  const int made = socket(local.bytes.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made >= 0) {
    // What the kernel does not grant is no reason to hear nothing.
    const int wanted = limits::snmp_receive_buffer;
    setsockopt(made, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    if (bind(made, reinterpret_cast<const sockaddr*>(&local.bytes), local.size) == 0) return made;
  }
  const int why = errno;
  if (made >= 0) close(made);
  return fail(Fault::unavailable,
              "listening for SNMP traps on " + address + " port " + std::to_string(port) + ": " +
                  std::system_category().message(why) +
                  (why == EACCES ? " (ports below 1,024 need CAP_NET_BIND_SERVICE)" : ""));
}

} // namespace

struct Receiver::Impl {
  struct PduEnd {
    void operator()(netsnmp_pdu* pdu) const { snmp_free_pdu(pdu); }
  };

  Impl(Library& library_in, ReceiverSettings settings_in, int socket_in)
      : library(library_in), settings(std::move(settings_in)), socket(socket_in) {}
  ~Impl() {
    {
      std::lock_guard lock(library.mutex());
      informs.clear();
      if (session != nullptr) snmp_sess_close(session);
    }
    netsnmp_large_fd_set_cleanup(&readable);
    close(socket);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> open();
  bool is_allowed(const Envelope& envelope);
  bool forget_stranger();
  void give(std::string_view datagram, const Peer& from);
  void on_pdu(netsnmp_pdu& pdu);
  bool may(const netsnmp_pdu& pdu) const;

  static int receive(netsnmp_transport* transport, void* into, int room, void** opaque, int* opaque_size);
  static int send(netsnmp_transport* transport, const void* bytes, int size, void** opaque, int* opaque_size);
  static int on_message(int operation, netsnmp_session* session, int id, netsnmp_pdu* pdu, void* context);

  // Borrowed
  Library& library;
  // Owned
  const ReceiverSettings settings;
  const int socket;
  std::map<std::string, Keys> users;
  void* session = nullptr;
  netsnmp_large_fd_set readable{};
  std::vector<std::unique_ptr<netsnmp_pdu, PduEnd>> informs; ///< of the last take()
  // State
  std::string_view pending; ///< the datagram that net-snmp is to read
  Peer peer;
  std::vector<Notification> taken;
  bool was_taken = false;
  std::map<std::pair<std::string, std::string>, bool>
      engines; ///< with user; whether one of its messages was good
  Counts counts;
};

int Receiver::Impl::receive(netsnmp_transport* transport, void* into, int room, void** opaque,
                            int* opaque_size) {
  Impl& mine = **static_cast<Impl**>(transport->data);
  const std::size_t size = std::min(mine.pending.size(), static_cast<std::size_t>(room));
  std::memcpy(into, mine.pending.data(), size);
  mine.pending = {};
  // net-snmp keeps the sender's address with each message and frees it.
  *opaque = std::malloc(sizeof(Peer)); // NOLINT(cppcoreguidelines-no-malloc)
  require(*opaque != nullptr, "there is memory for an address");
  std::memcpy(*opaque, &mine.peer, sizeof(Peer));
  *opaque_size = sizeof(Peer);
  return static_cast<int>(size);
}

int Receiver::Impl::send(netsnmp_transport* transport, const void* bytes, int size, void** opaque,
                         int* opaque_size) {
  const Impl& mine = **static_cast<Impl**>(transport->data);
  if (opaque == nullptr || *opaque == nullptr || *opaque_size != sizeof(Peer)) return -1;
  Peer to;
  std::memcpy(&to, *opaque, sizeof to);
  return static_cast<int>(sendto(mine.socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL,
                                 reinterpret_cast<const sockaddr*>(&to.bytes), to.size));
}

int Receiver::Impl::on_message(int operation, netsnmp_session*, int, netsnmp_pdu* pdu, void* context) {
  if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu != nullptr)
    static_cast<Impl*>(context)->on_pdu(*pdu);
  return 1;
}

Result<void> Receiver::Impl::open() {
  std::lock_guard lock(library.mutex());
  netsnmp_large_fd_set_init(&readable, FD_SETSIZE);
  auto* const transport =
      static_cast<netsnmp_transport*>(std::calloc(1, sizeof(netsnmp_transport))); // NOLINT
  require(transport != nullptr, "there is memory for a transport");
  transport->domain = netsnmpUDPDomain;
  transport->domain_length = static_cast<int>(netsnmpUDPDomain_len);
  transport->sock = socket;
  transport->flags = NETSNMP_TRANSPORT_FLAG_OPENED;
  transport->msgMaxSize = limits::snmp_bytes_max;
  transport->data = std::malloc(sizeof(Impl*)); // NOLINT: net-snmp frees it; a pointer is what is kept
  require(transport->data != nullptr, "there is memory for a pointer");
  *static_cast<Impl**>(transport->data) = this;
  transport->data_length = sizeof(Impl*); // NOLINT(bugprone-sizeof-expression): the same pointer
  transport->f_recv = receive;
  transport->f_send = send;
  transport->f_close = [](netsnmp_transport*) { return 0; };
  transport->f_fmtaddr = [](netsnmp_transport*, const void*, int) { return strdup("a sender of traps"); };
  netsnmp_session wanted;
  snmp_sess_init(&wanted);
  wanted.peername = SNMP_DEFAULT_PEERNAME;
  wanted.version = SNMP_DEFAULT_VERSION;
  wanted.callback = on_message;
  wanted.callback_magic = this;
  wanted.isAuthoritative = SNMP_SESS_UNKNOWNAUTH;
  wanted.flags |= SNMP_FLAGS_DONT_PROBE; // it has no far end of its own
  session = snmp_sess_add(&wanted, transport, nullptr, nullptr);
  if (session == nullptr) return fail(Fault::unavailable, "net-snmp opens no session for traps");
  std::array<u_char, 64> own{};
  const std::size_t own_size = snmpv3_get_engineID(own.data(), own.size());
  const std::string own_id(reinterpret_cast<const char*>(own.data()), own_size);
  for (const User& user : settings.users) {
    Keys& keys = users.try_emplace(user.name, user).first->second;
    // Informs are made for the engine of who receives them.
    if (!ensure_user(keys, own_id))
      return fail(Fault::invalid, "net-snmp does not take the user " + user.name);
  }
  return {};
}

/// Whether net-snmp is to see it at all; makes the user's keys for a new sender.
bool Receiver::Impl::is_allowed(const Envelope& envelope) {
  if (envelope.version == 1) return !settings.communities.empty();
  if (envelope.version != 3 || !envelope.is_usm) return false;
  if (envelope.engine_id.empty()) return !users.empty(); // a question for our engine's id
  const auto user = users.find(envelope.user);
  // net-snmp itself answers who asks with another engine's id, or without a user: that begins an inform.
  if (user == users.end()) return !users.empty() && envelope.user.empty();
  if (engines.count({envelope.engine_id, envelope.user}) > 0) return true;
  if (engines.size() >= limits::snmp_engines_max && !forget_stranger()) return false;
  if (!ensure_user(user->second, envelope.engine_id)) return false;
  engines[{envelope.engine_id, envelope.user}] = false;
  return true;
}

/// Who only names users, with an engine id of his own each time, must not keep out who knows their passwords.
bool Receiver::Impl::forget_stranger() {
  const auto stranger =
      std::find_if(engines.begin(), engines.end(), [](const auto& one) { return !one.second; });
  if (stranger == engines.end()) return false;
  const auto& [engine_id, name] = stranger->first;
  usmUser* const user =
      usm_get_user(reinterpret_cast<const u_char*>(engine_id.data()), engine_id.size(), name.c_str());
  if (user != nullptr) {
    usm_remove_user(user);
    usm_free_user(user);
  }
  engines.erase(stranger);
  return true;
}

void Receiver::Impl::give(std::string_view datagram, const Peer& from) {
  const std::string sender = text_of(from);
  const bool is_near = std::any_of(settings.networks.begin(), settings.networks.end(),
                                   [&](const Network& network) { return network.contains(sender); });
  if (!is_near) {
    ++counts.foreign;
    return;
  }
  const auto envelope = read_envelope(datagram);
  if (!envelope || envelope->version == 0) {
    ++counts.broken;
    return;
  }
  if (!is_allowed(*envelope)) {
    ++counts.refused;
    return;
  }
  pending = datagram;
  peer = from;
  was_taken = false;
  netsnmp_large_fd_setfd(socket, &readable);
  snmp_sess_read2(session, &readable);
  const bool is_question = envelope->version == 3 && envelope->engine_id.empty();
  if (was_taken) {
    ++counts.taken;
  } else if (!is_question) {
    ++counts.refused;
  }
}

bool Receiver::Impl::may(const netsnmp_pdu& pdu) const {
  if (pdu.version == SNMP_VERSION_2c) {
    const std::string_view community(reinterpret_cast<const char*>(pdu.community), pdu.community_len);
    // All are compared, and each over digests: how long it takes says nothing about a community.
    const Sha256 shown = sha256(community);
    bool is_known = false;
    for (const std::string& one : settings.communities) is_known = (sha256(one) == shown) || is_known;
    return is_known;
  }
  if (pdu.version != SNMP_VERSION_3 || pdu.securityName == nullptr) return false;
  const auto user = users.find(std::string(pdu.securityName, pdu.securityNameLen));
  // A message without authentication passes net-snmp by its user's name alone.
  return user != users.end() && pdu.securityLevel >= user->second.level;
}

void Receiver::Impl::on_pdu(netsnmp_pdu& pdu) {
  const bool is_inform = pdu.command == SNMP_MSG_INFORM;
  if ((!is_inform && pdu.command != SNMP_MSG_TRAP2) || !may(pdu)) return;
  Notification notification;
  notification.peer = text_of(peer);
  notification.is_inform = is_inform;
  for (const netsnmp_variable_list* at = pdu.variables; at != nullptr; at = at->next_variable) {
    if (notification.bindings.size() >= limits::snmp_bindings_max) break;
    Binding binding{oid_of(at->name, at->name_length), value_of(*at)};
    const auto* const named = std::get_if<Oid>(&binding.value);
    if (named != nullptr && begins_with(binding.oid, trap_oid_name)) notification.trap = *named;
    notification.bindings.push_back(std::move(binding));
  }
  if (notification.trap.empty()) return; // RFC 3416 section 4.2.6: it has one
  if (is_inform) {
    std::unique_ptr<netsnmp_pdu, PduEnd> reply(snmp_clone_pdu(&pdu));
    if (reply == nullptr) return;
    reply->command = SNMP_MSG_RESPONSE;
    reply->errstat = 0;
    reply->errindex = 0;
    informs.push_back(std::move(reply));
  }
  if (pdu.version == SNMP_VERSION_3) {
    const std::string engine_id(reinterpret_cast<const char*>(pdu.securityEngineID), pdu.securityEngineIDLen);
    const auto sender = engines.find({engine_id, std::string(pdu.securityName, pdu.securityNameLen)});
    if (sender != engines.end()) sender->second = true;
  }
  was_taken = true;
  taken.push_back(std::move(notification));
}

Receiver::Receiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Receiver::~Receiver() = default;

Result<std::unique_ptr<Receiver>> Receiver::open(Library& library, ReceiverSettings settings) {
  const auto made = open_socket(settings.address, settings.port);
  if (!made) return tl::unexpected(made.error());
  auto impl = std::make_unique<Impl>(library, std::move(settings), *made);
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Receiver>(new Receiver(std::move(impl)));
}

std::uint16_t Receiver::port() const {
  Peer local;
  local.size = sizeof local.bytes;
  if (getsockname(impl_->socket, reinterpret_cast<sockaddr*>(&local.bytes), &local.size) != 0) return 0;
  sockaddr_in in{}; // the port stands at the same place in both families
  std::memcpy(&in, &local.bytes, sizeof in);
  return ntohs(in.sin_port);
}

std::vector<Notification> Receiver::take(Millis most) {
  Impl& mine = *impl_;
  pollfd look{mine.socket, POLLIN, 0};
  poll(&look, 1, static_cast<int>(std::clamp<std::int64_t>(most.count(), 0, 60'000)));
  std::string datagram(limits::snmp_bytes_max, '\0');
  std::lock_guard lock(mine.library.mutex());
  mine.informs.clear();
  mine.taken.clear();
  for (std::size_t i = 0; i < limits::snmp_traps_at_once; ++i) {
    Peer from;
    from.size = sizeof from.bytes;
    const ssize_t got = recvfrom(mine.socket, datagram.data(), datagram.size(), 0,
                                 reinterpret_cast<sockaddr*>(&from.bytes), &from.size);
    if (got < 0) break;
    mine.give(std::string_view(datagram).substr(0, static_cast<std::size_t>(got)), from);
  }
  return std::exchange(mine.taken, {});
}

void Receiver::answer() {
  Impl& mine = *impl_;
  std::lock_guard lock(mine.library.mutex());
  for (auto& inform : mine.informs) {
    // Sent, it is net-snmp's; not sent, it is still ours.
    if (snmp_sess_send(mine.session, inform.get()) != 0) static_cast<void>(inform.release());
  }
  mine.informs.clear();
}

Receiver::Counts Receiver::counts() const {
  std::lock_guard lock(impl_->library.mutex());
  return impl_->counts;
}

} // namespace kaden::snmp
