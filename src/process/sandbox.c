/*
 * System calls by what they are for. A role gets the groups that its work needs and nothing else; the table
 * of what must fail is tested for every role (test/unit/process/test_sandbox.c), as root and as an ordinary
 * user.
 */
#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

enum { STREAMS = 1, FILES = 2, THREADS = 4, CONNECT = 8, ACCEPT = 16, PAIRS = 32, DEADLINES = 64 };

const struct sandbox_profile sandbox_log = {.name = "log", .grants = STREAMS};
/* Makes keys on a thread. */
const struct sandbox_profile sandbox_keys = {.name = "keys", .grants = STREAMS | THREADS};
/* Takes its own end in hand, for what would never end. */
const struct sandbox_profile sandbox_content = {.name = "content", .grants = STREAMS | DEADLINES};
const struct sandbox_profile sandbox_rules = {.name = "rules", .grants = STREAMS | DEADLINES};
const struct sandbox_profile sandbox_edge = {.name = "edge", .grants = STREAMS | ACCEPT};
const struct sandbox_profile sandbox_auth = {.name = "auth", .grants = STREAMS | ACCEPT | PAIRS | THREADS};
const struct sandbox_profile sandbox_dns = {
    .name = "dns", .grants = STREAMS | CONNECT | FILES | PAIRS | THREADS, .resolves = true};
/* Connects to whom it likes, and takes no connection: listen and accept are not among its calls. */
const struct sandbox_profile sandbox_relay = {.name = "relay", .grants = STREAMS | CONNECT};
const struct sandbox_profile sandbox_store = {
    .name = "store", .grants = STREAMS | ACCEPT | PAIRS | FILES | THREADS, .keeps_folder = true};

/* clang-format off */
/* What every process does: compute, take and give memory, wait, end. */
static const int always[] = {SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(readv), SCMP_SYS(close),
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
    SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_ctl), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(gettimeofday),
    SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(futex), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(fcntl), SCMP_SYS(sched_yield), SCMP_SYS(timerfd_settime), SCMP_SYS(getrusage), SCMP_SYS(uname),
    SCMP_SYS(eventfd2), SCMP_SYS(sched_getaffinity), SCMP_SYS(rseq), SCMP_SYS(set_robust_list)};
static const int streams[] = {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendto),
    SCMP_SYS(shutdown), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getpeername), SCMP_SYS(getsockname)};
static const int accepting[] = {SCMP_SYS(accept4), SCMP_SYS(accept)};
static const int pairing[] = {SCMP_SYS(socketpair)};
static const int files[] = {SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(pwrite64), SCMP_SYS(preadv),
    SCMP_SYS(pwritev), SCMP_SYS(pwritev2), SCMP_SYS(preadv2), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
    SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir), SCMP_SYS(getdents64), SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(flock), SCMP_SYS(msync), SCMP_SYS(stat),
    SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64), SCMP_SYS(readahead),
    SCMP_SYS(sync_file_range), SCMP_SYS(dup), SCMP_SYS(linkat), SCMP_SYS(fchmod), SCMP_SYS(mincore), SCMP_SYS(mlock), SCMP_SYS(munlock),
    SCMP_SYS(pipe2), SCMP_SYS(readlinkat), SCMP_SYS(readlink), SCMP_SYS(fchdir), SCMP_SYS(getcwd)};
static const int deadlines[] = {SCMP_SYS(setitimer)};
static const int threads[] = {SCMP_SYS(get_robust_list),
    SCMP_SYS(sched_setaffinity), SCMP_SYS(membarrier)};
static const int connecting[] = {SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg),
    SCMP_SYS(ioctl), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_create), SCMP_SYS(fchdir)};

/* clang-format on */

static const struct call_group {
	unsigned grant;
	const int *calls;
	size_t count;
} groups[] = {
    {0, always, sizeof always / sizeof always[0]},
    {STREAMS, streams, sizeof streams / sizeof streams[0]},
    {ACCEPT, accepting, sizeof accepting / sizeof accepting[0]},
    {PAIRS, pairing, sizeof pairing / sizeof pairing[0]},
    {FILES, files, sizeof files / sizeof files[0]},
    {THREADS, threads, sizeof threads / sizeof threads[0]},
    {CONNECT, connecting, sizeof connecting / sizeof connecting[0]},
    {DEADLINES, deadlines, sizeof deadlines / sizeof deadlines[0]},
};

int sandbox_drop_root(const struct sandbox_profile *profile, const char *folder, uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0;
	bool needs_files = profile->keeps_folder || profile->resolves;
	if (!needs_files && (chroot(folder) != 0 || chdir("/") != 0))
		return -errno;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return -errno;
	/* Getting root back must be impossible, not just unlikely. */
	if (geteuid() == 0 || setuid(0) == 0)
		return -EPERM;
	return 0;
}

/* ---- Landlock ---- */

static int landlock_files(const struct sandbox_profile *profile, int data)
{
	static const __u64 reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	static const __u64 all =
	    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
	    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
	    LANDLOCK_ACCESS_FS_MAKE_SYM;
	struct landlock_ruleset_attr attr = {.handled_access_fs = all};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP
		           ? 0
		           : -errno; /* an older kernel: seccomp still stands */
	struct landlock_path_beneath_attr below = {.parent_fd = -1};
	if (profile->keeps_folder && data >= 0)
		below = (struct landlock_path_beneath_attr){
		    .parent_fd = data, .allowed_access = all & ~(__u64)LANDLOCK_ACCESS_FS_EXECUTE};
	else if (profile->resolves)
		/* The resolver reads its configuration and the list of hosts again when they change. */
		below = (struct landlock_path_beneath_attr){
		    .parent_fd = open("/etc", O_PATH | O_CLOEXEC), .allowed_access = reading};
	int error = 0;
	if (below.parent_fd >= 0 &&
	    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0)
		error = -errno;
	if (error == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		error = -errno;
	if (below.parent_fd >= 0 && below.parent_fd != data)
		close(below.parent_fd);
	close(rules);
	return error;
}

/* ---- seccomp ---- */

static void forbidden_call(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);
	log_event(LOG_ERROR, "-", "forbidden-system-call", log_string("call", name ? name : "?"),
	    log_i64("number", info->si_syscall));
	_exit(86);
}

static int seccomp_calls(const struct sandbox_profile *profile, bool trap)
{
	scmp_filter_ctx filter = seccomp_init(trap ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return -ENOMEM;
	int error = 0;
	for (size_t g = 0; g < sizeof groups / sizeof groups[0] && error == 0; g++) {
		if (groups[g].grant && !(profile->grants & groups[g].grant))
			continue;
		for (size_t i = 0; i < groups[g].count && error == 0; i++)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, groups[g].calls[i], 0);
	}
	if (error == 0 && profile->grants & THREADS) {
		/* A thread, never a process: clone3 hides its flags from the filter, and libc does without
		 * it. */
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
		if (error == 0)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
		/* abort() signals its own thread; nobody else's. */
		if (error == 0)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	}
	/* The sanitizers and libc look for these; a plain refusal is enough. */
	static const int refused[] = {SCMP_SYS(prctl), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	    SCMP_SYS(getegid), SCMP_SYS(sysinfo), SCMP_SYS(prlimit64)};
	for (size_t i = 0; i < sizeof refused / sizeof refused[0] && error == 0; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (error == 0 && !(profile->grants & FILES)) {
		/* Files are refused with an error rather than death: libraries look for optional ones. */
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0);
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 0);
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(readlink), 0);
	}
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

int sandbox_enter(const struct sandbox_profile *profile, int data, bool trap)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -errno;
	int error = landlock_files(profile, data);
	if (error)
		return error;
	if (trap) {
		struct sigaction action = {.sa_sigaction = forbidden_call, .sa_flags = SA_SIGINFO};
		sigaction(SIGSYS, &action, NULL);
	}
	return seccomp_calls(profile, trap);
}

int sandbox_try(const char *what)
{
	if (strcmp(what, "open") == 0)
		return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : -errno;
	if (strcmp(what, "create") == 0)
		return open("/tmp/postrider-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : -errno;
	if (strcmp(what, "exec") == 0)
		return execl("/bin/true", "true", (char *)NULL);
	if (strcmp(what, "fork") == 0)
		return (int)syscall(SYS_fork) >= 0 ? 0 : -errno;
	if (strcmp(what, "socket") == 0)
		return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : -errno;
	if (strcmp(what, "listen") == 0)
		return listen(STDERR_FILENO, 1) == 0 || errno == ENOTSOCK || errno == EOPNOTSUPP ? 0 : -errno;
	if (strcmp(what, "ptrace") == 0)
		return (int)syscall(SYS_ptrace, 0, 0, 0, 0);
	if (strcmp(what, "kill") == 0)
		return (int)syscall(SYS_kill, getpid(), 0);
	if (strcmp(what, "chmod") == 0)
		return (int)syscall(SYS_chmod, "/etc", 0755);
	if (strcmp(what, "setuid") == 0)
		return (int)syscall(SYS_setuid, 0);
	if (strcmp(what, "mount") == 0)
		return (int)syscall(SYS_mount, "a", "/", "tmpfs", 0, NULL);
	return -EINVAL;
}
