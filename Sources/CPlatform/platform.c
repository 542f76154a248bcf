#define _GNU_SOURCE
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pty.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/serial.h>
#include <unistd.h>

enum step { STEP_NONE, STEP_UNSHARE, STEP_FORK, STEP_CHDIR, STEP_DESCRIPTORS, STEP_EXEC };

static const char *step_names[] = {"spawn", "unshare namespaces", "fork", "change to the working directory", "hand over descriptors", "execute"};

struct failure { int step, error; };

static void report(int out, int step) {
    struct failure failure = {step, errno};
    ssize_t ignored = write(out, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

// Between fork and exec: only async-signal-safe calls.
static void become(const struct platform_spawn *request, int out) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    struct sched_param normal = {0};
    sched_setscheduler(0, SCHED_OTHER, &normal);
    if (request->new_session) setsid();
    if (request->dies_with_parent) prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (request->file_size_limit) {
        struct rlimit limit = {request->file_size_limit, request->file_size_limit};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (request->working_directory && chdir(request->working_directory) != 0) report(out, STEP_CHDIR);

    // First out of the way of every wanted number, then to it: a descriptor may stand where another one must go.
    int highest = 64;
    for (int index = 0; index < request->descriptor_count; index++)
        if (request->descriptor_numbers[index] >= highest) highest = request->descriptor_numbers[index] + 1;
    int safe_out = fcntl(out, F_DUPFD_CLOEXEC, highest);
    if (safe_out < 0) report(out, STEP_DESCRIPTORS);
    out = safe_out;
    int moved[32];
    for (int index = 0; index < request->descriptor_count; index++) {
        moved[index] = fcntl(request->descriptors[index], F_DUPFD_CLOEXEC, highest);
        if (moved[index] < 0) report(out, STEP_DESCRIPTORS);
    }
    for (int index = 0; index < request->descriptor_count; index++)
        if (dup2(moved[index], request->descriptor_numbers[index]) < 0) report(out, STEP_DESCRIPTORS);
    // Whatever else is open closes at exec, also what some library opened without close-on-exec.
    unsigned keep_below = 3;
    for (unsigned number = keep_below; number < (unsigned)highest; number++) {
        bool wanted = false;
        for (int index = 0; index < request->descriptor_count; index++)
            if ((unsigned)request->descriptor_numbers[index] == number) wanted = true;
        if (!wanted) fcntl((int)number, F_SETFD, FD_CLOEXEC);
    }
    syscall(SYS_close_range, (unsigned)highest, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(request->path, request->arguments, request->environment);
    report(out, STEP_EXEC);
}

pid_t platform_spawn(const struct platform_spawn *request, const char **failed_step) {
    *failed_step = step_names[STEP_NONE];
    if (request->descriptor_count > 32) return -EINVAL;
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0) return -errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int flags = (int)SIGCHLD;
    if (request->new_network) flags |= CLONE_NEWNET;
    if (request->new_mounts) flags |= CLONE_NEWNS;
    if (request->new_processes) flags |= CLONE_NEWPID;
    pid_t process = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (process == 0) {
        close(pipes[0]);
        become(request, pipes[1]);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(pipes[1]);
    if (process < 0) {
        close(pipes[0]);
        *failed_step = step_names[flags == SIGCHLD ? STEP_FORK : STEP_UNSHARE];
        return -error;
    }
    struct failure failure;
    ssize_t got;
    do got = read(pipes[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(pipes[0]);
    if (got == sizeof failure) {
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
        *failed_step = step_names[failure.step];
        return -failure.error;
    }
    return process;
}

int platform_ppoll(struct pollfd *descriptors, unsigned long count, const struct timespec *timeout) {
    return ppoll(descriptors, count, timeout, NULL);
}

const short platform_poll_ended = POLLRDHUP;

int platform_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int platform_signalfd(const sigset_t *set) { return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK); }

int platform_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int platform_open_pty(int *primary, int *secondary, char *path, size_t capacity) {
    char name[128];
    struct termios raw;
    memset(&raw, 0, sizeof raw);
    cfmakeraw(&raw);
    cfsetspeed(&raw, B38400);
    if (openpty(primary, secondary, name, &raw, NULL) != 0) return -1;
    fcntl(*primary, F_SETFD, FD_CLOEXEC);
    fcntl(*secondary, F_SETFD, FD_CLOEXEC);
    snprintf(path, capacity, "%s", name);
    return 0;
}

int platform_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

int platform_enter_namespace(int descriptor) { return setns(descriptor, 0); }

int platform_unshare_mounts(void) { return unshare(CLONE_NEWNS); }

int platform_make_mounts_private(void) { return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL); }

int platform_take_in_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int platform_mount_proc(void) { return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL); }

int platform_loopback_up(void) {
    int socket_number = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_number < 0) return -1;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    int result = ioctl(socket_number, SIOCSIFFLAGS, &request);
    int error = errno;
    close(socket_number);
    errno = error;
    return result;
}

int platform_loopback_multicast(void) {
    unsigned index = if_nametoindex("lo");
    if (index == 0) return -1;
    // rtnetlink(7): a header, a route, and its attributes, each aligned to four octets.
    struct {
        struct nlmsghdr header;
        struct rtmsg route;
        struct { struct rtattr head; uint32_t value; } destination, source, interface;
    } request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_NEWROUTE;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK;
    request.route.rtm_family = AF_INET;
    request.route.rtm_dst_len = 4;
    request.route.rtm_table = RT_TABLE_MAIN;
    request.route.rtm_protocol = RTPROT_BOOT;
    request.route.rtm_scope = RT_SCOPE_LINK;
    request.route.rtm_type = RTN_UNICAST;
    request.destination.head = (struct rtattr){RTA_LENGTH(sizeof(uint32_t)), RTA_DST};
    request.destination.value = htonl(0xE0000000);
    request.source.head = (struct rtattr){RTA_LENGTH(sizeof(uint32_t)), RTA_PREFSRC};
    request.source.value = htonl(INADDR_LOOPBACK);
    request.interface.head = (struct rtattr){RTA_LENGTH(sizeof(uint32_t)), RTA_OIF};
    request.interface.value = index;
    int socket_number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (socket_number < 0) return -1;
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } answer;
    memset(&answer, 0, sizeof answer);
    int error = 0;
    if (send(socket_number, &request, sizeof request, 0) < 0 || recv(socket_number, &answer, sizeof answer, 0) < 0) {
        error = errno;
    } else if (answer.header.nlmsg_type == NLMSG_ERROR) {
        error = -answer.error.error;
    }
    close(socket_number);
    errno = error;
    return error == 0 ? 0 : -1;
}

int platform_set_low_latency(int descriptor) {
    struct serial_struct serial;
    if (ioctl(descriptor, TIOCGSERIAL, &serial) != 0) return -1;
    serial.flags |= ASYNC_LOW_LATENCY;
    return ioctl(descriptor, TIOCSSERIAL, &serial);
}

int platform_claim_terminal(int descriptor) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? EBUSY : errno;
    // Root's open passes the kernel's lock by, so root has to look for it.
    int exclusive = 0;
    if (ioctl(descriptor, TIOCGEXCL, &exclusive) == 0 && exclusive) return EBUSY;
    if (ioctl(descriptor, TIOCEXCL) != 0) return errno;
    struct termios settings;
    if (tcgetattr(descriptor, &settings) == 0 && (settings.c_cflag & HUPCL)) {
        settings.c_cflag &= ~(tcflag_t)HUPCL;
        (void)tcsetattr(descriptor, TCSANOW, &settings);
    }
    return 0;
}

void platform_release_terminal(int descriptor) { (void)ioctl(descriptor, TIOCNXCL); }

int platform_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

bool platform_peer(int socket_number, pid_t *process, uid_t *user, gid_t *group) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(socket_number, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
    *process = credentials.pid;
    *user = credentials.uid;
    *group = credentials.gid;
    return true;
}

int platform_exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

int platform_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : -1; }
