# Checks of the sources themselves, as tests: label checks; clang-tidy is slow. They need no build, so one build runs them.
set(checks ${CMAKE_CURRENT_SOURCE_DIR}/checks)
if(NOT SKERRY_SANITIZE AND NOT SKERRY_COVERAGE)
  foreach(check layering seams headers format words suites fault_table faults self_test)
    add_test(NAME checks.${check} COMMAND ${checks}/${check} ${CMAKE_SOURCE_DIR})
    set_tests_properties(checks.${check} PROPERTIES LABELS checks TIMEOUT 300)
  endforeach()
  add_test(NAME checks.tidy COMMAND ${checks}/tidy ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(checks.tidy PROPERTIES LABELS "checks;slow" TIMEOUT 3000)

  add_test(NAME checks.image COMMAND ${checks}/image ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(checks.image PROPERTIES LABELS checks TIMEOUT 60 SKIP_RETURN_CODE 77)

  add_test(NAME conformance.http_cache_tests
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/conformance/http_cache_tests ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(conformance.http_cache_tests PROPERTIES LABELS "conformance;slow" TIMEOUT 600)

  add_test(NAME varnishtest.edge
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/varnishtest/run ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(varnishtest.edge PROPERTIES LABELS "varnishtest;slow" TIMEOUT 300 SKIP_RETURN_CODE 77)

  # Whole machines: the image and its compose file, and a Debian with nothing on it. Never beside other tests.
  foreach(machine container fresh_machine)
    add_test(NAME machine.${machine} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/machine/${machine} ${CMAKE_SOURCE_DIR})
    set_tests_properties(machine.${machine} PROPERTIES LABELS "machine;slow" TIMEOUT 7200 RUN_SERIAL ON SKIP_RETURN_CODE 77)
  endforeach()
endif()

# What the scenarios preload into the programs to count their allocations.
add_library(skerry_malloc_counter SHARED ${CMAKE_CURRENT_SOURCE_DIR}/preload/malloc_counter.cc)
set_target_properties(skerry_malloc_counter PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
target_link_libraries(skerry_malloc_counter PRIVATE ${CMAKE_DL_LIBS})
if(TARGET scenario)
  add_dependencies(scenario skerry_malloc_counter)
endif()
