#include "edge/rules/error_pages.h"

#include <array>
#include <filesystem>
#include <fstream>

namespace skerry::edge {
namespace {

core::Error wrong(std::string what) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(what)};
}

std::string_view content_type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> types = {{
      {".html", "text/html; charset=utf-8"},
      {".htm", "text/html; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".json", "application/json"},
      {".xml", "application/xml"},
  }};
  for (const auto& [ending, type] : types) {
    if (path.ends_with(ending)) return type;
  }
  return {};
}

bool is_error_status(std::string_view status) {
  if (status == "4xx" || status == "5xx") return true;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return status.size() == 3 && (status[0] == '4' || status[0] == '5') && digit(status[1]) && digit(status[2]);
}

core::Result<void> check_status(std::string_view status) {
  if (!is_error_status(status)) return wrong("must be a status from 400 to 599, 4xx or 5xx");
  return {};
}

}  // namespace

core::Result<ErrorPage> read_error_page(std::string_view status, const std::string& path) {
  if (auto checked = check_status(status); !checked.ok()) return checked.error();
  ErrorPage page;
  page.content_type = content_type_of(path);
  if (page.content_type.empty()) return wrong(path + " must end in .html, .htm, .txt, .json or .xml");
  std::error_code error;
  // A FIFO or a device could block or never end.
  if (!std::filesystem::is_regular_file(path, error)) return wrong("cannot read " + path + ": no regular file");
  std::ifstream file(path, std::ios::binary);
  std::string text(largest_error_page + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return wrong("cannot read " + path);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > largest_error_page) return wrong(path + " is too large: at most 1MiB");
  page.body = core::Chunk::copy_of(text);
  return page;
}

core::Result<ErrorPage> ErrorPageFiles::read(std::string_view status, const std::string& path) {
  const auto known = pages_.find(path);
  if (known == pages_.end()) {
    auto page = read_error_page(status, path);
    if (page.ok()) pages_.emplace(path, *page);
    return page;
  }
  if (auto checked = check_status(status); !checked.ok()) return checked.error();
  return known->second;
}

core::Result<ErrorPages> ErrorPages::make(const ErrorPagesConfig& config, ErrorPageFiles& known) {
  ErrorPages pages;
  pages.for_origin_ = config.for_origin;
  for (const auto& [status, path] : config.files) {
    auto page = known.read(status, path);
    if (!page.ok()) return page.error();
    pages.pages_.insert_or_assign(status, std::move(page).value());
  }
  return pages;
}

const ErrorPage* ErrorPages::find(int status) const {
  if (pages_.empty() || status < 400 || status > 599) return nullptr;
  const std::array<char, 3> digits = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                                      static_cast<char>('0' + status % 10)};
  auto found = pages_.find(std::string_view(digits.data(), digits.size()));
  if (found == pages_.end()) found = pages_.find(status < 500 ? std::string_view("4xx") : std::string_view("5xx"));
  return found == pages_.end() ? nullptr : &found->second;
}

const ErrorPage* ErrorPages::find_for_origin(int status) const {
  return for_origin_ && status >= 500 ? find(status) : nullptr;
}

}  // namespace skerry::edge
