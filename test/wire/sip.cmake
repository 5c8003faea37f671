# SIP with two rooms and more: the carrier against the robot phone in one process, and against real phones.
set(sip_environment "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0"
  "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp")

add_executable(sip_carrier_test ${CMAKE_CURRENT_LIST_DIR}/sip_carrier_test.cpp)
target_include_directories(sip_carrier_test PRIVATE ${CMAKE_SOURCE_DIR}/src/carrier)
target_link_libraries(sip_carrier_test PRIVATE kaden_carrier kaden_phone GTest::gtest_main)
gtest_discover_tests(sip_carrier_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "wire." PROPERTIES
  LABELS wire TIMEOUT 120 RUN_SERIAL ON ENVIRONMENT "${sip_environment}")

add_executable(sip_dial ${CMAKE_CURRENT_LIST_DIR}/sip_dial.cpp)
target_link_libraries(sip_dial PRIVATE kaden_carrier)
add_test(NAME wire.sip_peers COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/sip_peers_test.py $<TARGET_FILE:sip_dial>)
set_tests_properties(wire.sip_peers PROPERTIES LABELS wire TIMEOUT 300 RUN_SERIAL ON ENVIRONMENT "${sip_environment}")
