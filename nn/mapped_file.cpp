#include "babelgrad/nn/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace babelgrad {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  const std::shared_ptr<MappedFile> file(new MappedFile);
  struct stat status {};
  void* start = MAP_FAILED;
  if (::fstat(descriptor, &status) == 0) {
    file->size_ = static_cast<std::size_t>(status.st_size);
    start =
        file->size_ == 0  // which mmap refuses
            ? nullptr
            : ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
  }
  ::close(descriptor);
  if (start == MAP_FAILED) return nullptr;
  file->start_ = start;
  return file;
}

MappedFile::~MappedFile() {
  if (start_ != nullptr) ::munmap(start_, size_);
}

}  // namespace babelgrad
