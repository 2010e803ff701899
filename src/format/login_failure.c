/* See login_failure.h. The words stand in log lines that tools read (data/fail2ban): they never change. */
#include "format/login_failure.h"

static const char *const words[LOGIN_FAILURES] = {[LOGIN_BAD_CREDENTIALS] = "wrong",
    [LOGIN_TEMPORARY] = "temporary",
    [LOGIN_THROTTLED] = "locked",
    [LOGIN_MALFORMED] = "malformed",
    [LOGIN_BAD_MECHANISM] = "mechanism",
    [LOGIN_DISABLED] = "disabled",
    [LOGIN_CANCELLED] = "cancelled",
    [LOGIN_APP_PASSWORD] = "app-password-needed"};

const char *login_failure_word(unsigned why)
{
	return why < LOGIN_FAILURES ? words[why] : "unknown";
}
