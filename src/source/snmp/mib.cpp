#include "mib.h"

#include <array>

namespace kaden::snmp::mib {

const Oid link_down = {1, 3, 6, 1, 6, 3, 1, 1, 5, 3}, link_up = {1, 3, 6, 1, 6, 3, 1, 1, 5, 4};
const Oid if_index = {1, 3, 6, 1, 2, 1, 2, 2, 1, 1}, if_description = {1, 3, 6, 1, 2, 1, 2, 2, 1, 2},
          if_admin_status = {1, 3, 6, 1, 2, 1, 2, 2, 1, 7}, if_oper_status = {1, 3, 6, 1, 2, 1, 2, 2, 1, 8},
          if_name = {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1}, if_alias = {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18};
const Oid bgp_established = {1, 3, 6, 1, 2, 1, 15, 0, 1}, bgp_backward = {1, 3, 6, 1, 2, 1, 15, 0, 2},
          bgp_established_old = {1, 3, 6, 1, 2, 1, 15, 7, 1}, bgp_backward_old = {1, 3, 6, 1, 2, 1, 15, 7, 2};
const Oid bgp_peer_state = {1, 3, 6, 1, 2, 1, 15, 3, 1, 2},
          bgp_peer_admin_status = {1, 3, 6, 1, 2, 1, 15, 3, 1, 3},
          bgp_peer_address = {1, 3, 6, 1, 2, 1, 15, 3, 1, 7},
          bgp_last_error = {1, 3, 6, 1, 2, 1, 15, 3, 1, 14};
const Oid vcenter_alarm = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 0, 203},
          vcenter_alarm_old = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 0, 201};
const Oid vcenter_host = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 302},
          vcenter_vm = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 303},
          vcenter_old_status = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 304},
          vcenter_new_status = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 305},
          vcenter_value = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 306},
          vcenter_target = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 307},
          vcenter_target_type = {1, 3, 6, 1, 4, 1, 6876, 4, 3, 308};

std::string_view to_text(VcenterStatus status) {
  switch (status) {
    case VcenterStatus::gray:
      return "gray";
    case VcenterStatus::green:
      return "green";
    case VcenterStatus::yellow:
      return "yellow";
    case VcenterStatus::red:
      break;
  }
  return "red";
}

VcenterStatus vcenter_status_of(std::string_view text) {
  struct Word {
    std::string_view begin; ///< lower case
    VcenterStatus status;
  };
  // vCenter writes them in its own language. Red needs no words: it is what anything else means.
  constexpr std::array<Word, 27> words = {{{"green", VcenterStatus::green},
                                           {"緑", VcenterStatus::green},
                                           {"グリーン", VcenterStatus::green},
                                           {"绿", VcenterStatus::green},
                                           {"綠", VcenterStatus::green},
                                           {"grün", VcenterStatus::green},
                                           {"vert", VcenterStatus::green},
                                           {"녹색", VcenterStatus::green},
                                           {"yellow", VcenterStatus::yellow},
                                           {"黄", VcenterStatus::yellow},
                                           {"黃", VcenterStatus::yellow},
                                           {"イエロー", VcenterStatus::yellow},
                                           {"gelb", VcenterStatus::yellow},
                                           {"jaune", VcenterStatus::yellow},
                                           {"노란색", VcenterStatus::yellow},
                                           {"gray", VcenterStatus::gray},
                                           {"grey", VcenterStatus::gray},
                                           {"灰", VcenterStatus::gray},
                                           {"グレー", VcenterStatus::gray},
                                           {"grau", VcenterStatus::gray},
                                           {"gris", VcenterStatus::gray},
                                           {"회색", VcenterStatus::gray},
                                           // So does the one that a reset sends.
                                           {"normal", VcenterStatus::green},
                                           {"正常", VcenterStatus::green},
                                           {"warning", VcenterStatus::yellow},
                                           {"警告", VcenterStatus::yellow},
                                           {"unknown", VcenterStatus::gray}}};
  const std::string low = to_lower(trim(text));
  for (const Word& word : words) {
    if (low.starts_with(word.begin)) return word.status;
  }
  return VcenterStatus::red;
}

std::string_view vcenter_alarm_name_of(std::string_view value) {
  constexpr std::string_view between = " - ";
  // In the language of the vCenter. Behind it anything may stand, other lines, " - " and " = " too.
  constexpr std::array<std::string_view, 8> events = {
      "event:", "イベント:", "イベント：", "事件:", "事件：", "ereignis:", "Événement", "이벤트:"};
  value = value.substr(0, value.find_first_of("\r\n"));
  const std::string low = to_lower(value);
  for (auto at = low.find(between); at != std::string::npos; at = low.find(between, at + 1)) {
    const std::string_view rest = std::string_view(low).substr(at + between.size());
    for (const std::string_view event : events) {
      if (rest.starts_with(event)) return trim(value.substr(0, at));
    }
  }
  // "Metric CPU Usage = 95%", "State = Powered off", in any language: what is compared has no " - " in it.
  for (auto equals = value.find(" = "); equals != std::string_view::npos;
       equals = value.find(" = ", equals + 1)) {
    const auto at = value.substr(0, equals).rfind(between);
    if (at != std::string_view::npos) return trim(value.substr(0, at));
  }
  // vCenter's own alarms come by their system names, which have no blanks.
  if (value.starts_with("alarm.")) return trim(value.substr(0, value.find(between)));
  return trim(value);
}

} // namespace kaden::snmp::mib
