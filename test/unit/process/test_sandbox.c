/*
 * What no role may do: each forbidden call is refused, or ends the process; as root and as an ordinary user,
 * with the filter as it is in production and with the trap that names the call. test/system/test_sandbox.py
 * shows that each running role is confined like this.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "master/roles.h"
#include "process/sandbox.h"

enum { NOBODY = 65534, TRAPPED = 86, REFUSED = 87, NOT_CONFINED = 88 };

static const char *const calls[] = {
    "open", "create", "exec", "fork", "socket", "listen", "ptrace", "kill", "chmod", "setuid", "mount"};
static char empty[] = "/tmp/postrider-sandbox-XXXXXX";

/* What a role's work needs, and only that. */
static bool is_needed(const struct role *role, const char *call)
{
	if (strcmp(role->name, "dns") == 0)
		return strcmp(call, "socket") == 0 || strcmp(call, "open") == 0;
	return strcmp(role->name, "relay") == 0 && strcmp(call, "socket") == 0;
}

/* In a process of its own. `as_root`: root is given away in between, as the master's roles do it. */
static int attempt(const struct role *role, const char *call, bool as_root, bool trap)
{
	pid_t pid = fork();
	if (pid == 0) {
		int data = role->gets_folder ? open(empty, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (!as_root && geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(NOT_CONFINED);
		if (sandbox_drop_root(role->sandbox, empty, NOBODY, NOBODY) != 0)
			_exit(NOT_CONFINED);
		if (sandbox_enter(role->sandbox, data, trap) != 0)
			_exit(NOT_CONFINED);
		_exit(sandbox_try(call) < 0 ? REFUSED : 0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool is_right(const struct role *role, const char *call, int status, bool trap)
{
	if (is_needed(role, call))
		return WIFEXITED(status) && WEXITSTATUS(status) == 0;
	/* Files may be refused: libraries look for optional ones. Whatever else is tried is death. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
		return strcmp(call, "open") == 0 || strcmp(call, "create") == 0;
	return trap ? WIFEXITED(status) && WEXITSTATUS(status) == TRAPPED
	            : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void try_all(bool as_root, bool trap)
{
	for (size_t r = 0; r < roles_count; r++)
		for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
			int status = attempt(&roles[r], calls[c], as_root, trap);
			if (!is_right(&roles[r], calls[c], status, trap))
				fail_msg("%s: %s ends with wait status %#x", roles[r].name, calls[c],
				    (unsigned)status);
		}
	assert_int_equal(access("/tmp/postrider-sandbox-test", F_OK), -1);
}

static void test_as_in_production(void **state)
{
	(void)state;
	try_all(geteuid() == 0, false);
}

static void test_as_an_ordinary_user(void **state)
{
	(void)state;
	try_all(false, false);
}

static void test_with_the_trap(void **state)
{
	(void)state;
	try_all(false, true);
	try_all(geteuid() == 0, true);
}

/* Otherwise the tests above could pass because nothing works at all. */
static void test_what_is_forbidden_works_without_confinement(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
		/* The others need root, or what a container may forbid, or leave something behind. */
		if (strcmp(calls[c], "open") != 0 && strcmp(calls[c], "exec") != 0 &&
		    strcmp(calls[c], "fork") != 0 && strcmp(calls[c], "socket") != 0 &&
		    strcmp(calls[c], "listen") != 0 && strcmp(calls[c], "kill") != 0)
			continue;
		pid_t pid = fork();
		if (pid == 0)
			_exit(sandbox_try(calls[c]) < 0 ? REFUSED : 0);
		int status = 0;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(empty) == NULL || chmod(empty, 0755) != 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_in_production),
	    cmocka_unit_test(test_as_an_ordinary_user),
	    cmocka_unit_test(test_with_the_trap),
	    cmocka_unit_test(test_what_is_forbidden_works_without_confinement),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
