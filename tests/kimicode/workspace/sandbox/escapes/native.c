/* System calls that scripts cannot make: native KIND ARGUMENT. Each does what it can to make the file, or to connect. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *low(const char *text) /* where 32-bit pointers reach */
{
#ifdef MAP_32BIT
    char *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
#else
    char *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#endif
    return strcpy(place, text);
}

static long int80(const char *path)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result)
                     : "a"(5L), "b"((long)low(path)), "c"((long)(O_CREAT | O_WRONLY)), "d"(0644L) : "memory", "r8", "r9", "r10", "r11");
    return result;
#else
    return -1;
#endif
}

static long x32(const char *path) { return syscall(0x40000000 + 2, path, O_CREAT | O_WRONLY, 0644); }

static long by_openat2(const char *path)
{
    struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0644};
    return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static long in_ring(struct io_uring_sqe *wanted)
{
    struct io_uring_params set = {0};
    int ring = syscall(SYS_io_uring_setup, 4, &set);
    if (ring < 0)
        return -1;
    char *queue = mmap(NULL, set.sq_off.array + set.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries = mmap(NULL, set.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (queue == MAP_FAILED || (void *)entries == MAP_FAILED)
        return -1;
    entries[0] = *wanted;
    ((unsigned *)(queue + set.sq_off.array))[0] = 0;
    *(unsigned *)(queue + set.sq_off.tail) += 1;
    return syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static long uring(const char *path)
{
    struct io_uring_sqe entry = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path};
    entry.len = 0644;
    entry.open_flags = O_CREAT | O_WRONLY;
    return in_ring(&entry);
}

static long uring_connect(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int made = socket(AF_INET, SOCK_STREAM, 0);
    struct io_uring_sqe entry = {.opcode = IORING_OP_CONNECT, .fd = made, .addr = (unsigned long)&address, .off = sizeof address};
    return in_ring(&entry);
}

static long clone3(const char *path)
{
    struct clone_args how = {.flags = CLONE_NEWUSER | CLONE_NEWNS, .exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &how, sizeof how);
    if (child == 0) {
        mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
        _exit(open(path, O_CREAT | O_WRONLY, 0644) < 0);
    }
    return child < 0 ? -1 : waitpid(child, NULL, 0);
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    if (!strcmp(words[1], "int80")) return int80(words[2]) < 0;
    if (!strcmp(words[1], "x32")) return x32(words[2]) < 0;
    if (!strcmp(words[1], "openat2")) return by_openat2(words[2]) < 0;
    if (!strcmp(words[1], "uring")) return uring(words[2]) < 0;
    if (!strcmp(words[1], "uring-connect")) return uring_connect(words[2]) < 0;
    if (!strcmp(words[1], "clone3")) return clone3(words[2]) < 0;
    return 2;
}
