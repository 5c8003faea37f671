/// samples.h - the files of testdata/, for tests. Room: vim.
#pragma once

#include <gtest/gtest.h>
#include <source_folder.h>

#include <fstream>
#include <iterator>
#include <string>

namespace kaden::vim {

inline std::string sample(const std::string& name) {
  std::ifstream file(source_folder() + "/src/vim/testdata/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The envelope that vCenter puts around everything.
inline std::string enveloped(const std::string& body) {
  return R"(<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" )"
         R"(xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>)" +
         body + "</soapenv:Body></soapenv:Envelope>";
}

} // namespace kaden::vim
