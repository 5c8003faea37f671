#include <gtest/gtest.h>

#include "kaden/xml.h"

namespace kaden::xml {
namespace {

constexpr Bounds bounds{.depth_max = 4, .tags_max = 20, .attributes_max = 2};

TEST(Load, RefusesWhatIsBeyondItsBounds) {
  const struct {
    std::string_view text;
    std::string_view part; ///< of the message; empty: it is taken
  } table[] = {
      {"<a><b><c><d/></c></b></a>", ""},
      {"<a><b><c><d><e/></d></c></b></a>", "nested deeper than 4"},
      {"<a x='1' y='2'/>", ""},
      {"<a><b x='1' y='2' z='3'/></a>", "more than 2 attributes"},
      {"<a><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>",
       "more than 20 tags"},
      {"<!DOCTYPE a><a/>", "document type"},
      {"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "document type"},
      {"<a/><b/>", "several pieces"},
      {"<a>", "broken or cut off"},
      {"", "XML"},
  };
  for (const auto& row : table) {
    pugi::xml_document document;
    const auto loaded = load(row.text, bounds, document);
    EXPECT_EQ(loaded.has_value(), row.part.empty()) << row.text;
    if (loaded) continue;
    EXPECT_EQ(loaded.error().fault, Fault::invalid);
    EXPECT_NE(loaded.error().message.find(row.part), std::string::npos) << loaded.error().message;
  }
}

TEST(Namespaces, GoByMeaningAndNotByPrefix) {
  pugi::xml_document document;
  ASSERT_TRUE(
      load("<a xmlns='urn:one' xmlns:p='urn:two'><p:b q='1' p:q='2'/><b xmlns='' "
           "xmlns:p='urn:three'><p:c/></b></a>",
           bounds, document));
  const auto a = root_of(document);
  const auto b = a.first_child();
  EXPECT_TRUE(in_namespace(a, "urn:one"));
  EXPECT_EQ(local_name(b), "b");
  EXPECT_TRUE(in_namespace(b, "urn:two"));
  EXPECT_STREQ(attribute_of(b, "urn:two", "q").value(), "2");
  EXPECT_FALSE(attribute_of(b, "urn:one", "q")) << "the default namespace is not one of attributes";
  const auto inner = b.next_sibling();
  EXPECT_TRUE(in_namespace(inner, ""));
  EXPECT_TRUE(in_namespace(inner.first_child(), "urn:three"));
}

TEST(Texts, AreDecodedWithoutTheElementsInside) {
  pugi::xml_document document;
  ASSERT_TRUE(load("<a>x &lt; <b>y</b><![CDATA[<z>]]></a>", bounds, document));
  EXPECT_EQ(text_of(root_of(document)), "x < <z>");
  EXPECT_EQ(markup_of(root_of(document)), "x &lt; <b>y</b><![CDATA[<z>]]>");
}

} // namespace
} // namespace kaden::xml
