// Hostile SNS messages, their signatures and their addresses.
#include "fuzz_check.h"
#include "kaden/sns_message.h"

namespace {

// A key of its own: what is tested is that nothing here is taken for its signature.
constexpr const char* certificate = R"(-----BEGIN CERTIFICATE-----
MIIDQTCCAimgAwIBAgIUI6frEHWby/iU1VkNh0xoBAKaBs8wDQYJKoZIhvcNAQEL
BQAwMDEaMBgGA1UEAwwRc25zLmFtYXpvbmF3cy5jb20xEjAQBgNVBAoMCVRFU1Qg
T05MWTAeFw0yNjExMjMwMzQ3NDJaFw0zNjExMjAwMzQ3NDJaMDAxGjAYBgNVBAMM
EXNucy5hbWF6b25hd3MuY29tMRIwEAYDVQQKDAlURVNUIE9OTFkwggEiMA0GCSqG
SIb3DQEBAQUAA4IBDwAwggEKAoIBAQC4WKXV9IXXsx5Rt2MunF7G/82jg8FraJzg
U1FFsedOB7TKmJBkyCp3B5pRgbSsYHcumxgOqq2jfjUy1rm+tHTkRqwtYm98z1or
iIadLQR+CmJOoC+xSmU+XzezXBmyW8RBaa0WNLjwGplk89YrP0aNznSoip21nwmY
Ak67/pevslB9vqoaENlOAQA+lV90ffwlSWGvObOYqp5nQzved6g00co2lkAn5f29
mbWHC+rY6SMmQjTg4vCz8cWDD/XcxI1RXIkfl6n3IxkDZG6/ZCw5AU1R189F1Ih+
fikSoVeixRdNuK6SYDpcyas7kU5YZsaItH9zPByJZEjiHRFttaDHAgMBAAGjUzBR
MB0GA1UdDgQWBBTiaS9qAFnJjKfUne1g9WxfDmmdNTAfBgNVHSMEGDAWgBTiaS9q
AFnJjKfUne1g9WxfDmmdNTAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUA
A4IBAQCOIwRwZk6E6sL/hayJTVmD5is+uyK78pNkHjTUgdty3qGXsIkeeFJ1zYsO
BD4+dvUEAKKQLj509F1ABJzoMWh+4lwlgvJ8DLX8EtGqPihApIt9MDOCg8kj3W/7
86OfO//eQkWvoaafyVDitRBq5hdgMcAjHqwFfTgqPdIfoF2oIDJ7Gah/9nSKFgec
E+GgKULaOIuuE6x/FxEzWfgJkvBW1FdAdj1TtKmy4EPAS6MQKp5t0VyPrj5BWzzA
l3ycFPVmcgjLP2FX14G5L5krvAdMiBwnnBTOIkveE2PjEIYqdgItnkkU29Vm8C/1
xvmjx2CpJ1P5Ry2ekbqVwqduKntn
-----END CERTIFICATE-----)";

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using namespace kaden::webhook;
  check_body(Format::sns, data, size);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (check_sns_url(bytes)) {
    require(host_of_sns_url(bytes).starts_with("sns.") &&
                host_of_sns_url(bytes).find("amazonaws.com") != std::string_view::npos,
            "only SNS is asked");
  }
  const auto message = parse_sns_message(bytes);
  if (!message) return 0;
  static_cast<void>(check_signature(*message, bytes));
  static_cast<void>(check_subscribe_url(*message));
  SnsMessage changed = *message;
  changed.message += "x";
  require(!check_signature(changed, certificate) || !check_signature(*message, certificate),
          "a signature fits one message at most");
  return 0;
}
