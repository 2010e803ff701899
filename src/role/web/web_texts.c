/* See web_texts.h. */
#include "role/web/web_texts.h"

#include "http/http_cookie.h"
#include "http/http_language.h"

static const char *const tags[WEB_LANGUAGES] = {[WEB_ENGLISH] = "en",
    [WEB_GERMAN] = "de",
    [WEB_SPANISH] = "es",
    [WEB_FRENCH] = "fr",
    [WEB_RUSSIAN] = "ru",
    [WEB_CHINESE] = "zh",
    [WEB_JAPANESE] = "ja",
    [WEB_ARABIC] = "ar"};

/* clang-format off */
static const char *const texts[][WEB_LANGUAGES] = {
    /* Signing in. */
    {"Sign in", "Anmelden", "Iniciar sesión", "Se connecter", "Войти", "登录", "ログイン", "تسجيل الدخول"},
    {"Your mail at ", "Ihre Mail bei ", "Su correo en ", "Votre courrier sur ", "Ваша почта на ", "您的邮箱：", "メール: ",
	"بريدك على "},
    {"Address", "Adresse", "Dirección", "Adresse", "Адрес", "地址", "アドレス", "العنوان"},
    {"Password", "Passwort", "Contraseña", "Mot de passe", "Пароль", "密码", "パスワード", "كلمة المرور"},
    {"Use a passkey", "Passkey verwenden", "Usar una llave de acceso", "Utiliser une clé d’accès", "Использовать ключ доступа",
	"使用通行密钥", "パスキーを使う", "استخدام مفتاح مرور"},
    {"You use a mail program?", "Sie verwenden ein Mailprogramm?", "¿Usa un programa de correo?",
	"Vous utilisez un logiciel de messagerie ?", "Вы пользуетесь почтовой программой?", "您使用邮件程序吗？",
	"メールソフトをお使いですか？", "هل تستخدم برنامج بريد؟"},
    {"This is how it is set up", "So wird es eingerichtet", "Así se configura", "Voici comment le configurer",
	"Вот как её настроить", "设置方法在此", "設定方法はこちら", "هكذا يُضبط"},
    /* The second step. */
    {"Second step", "Zweiter Schritt", "Segundo paso", "Seconde étape", "Второй шаг", "第二步", "2段階目", "الخطوة الثانية"},
    {"A recovery code", "Ein Wiederherstellungscode", "Un código de recuperación", "Un code de secours",
	"Код восстановления", "恢复代码", "リカバリーコード", "رمز استرداد"},
    {"The code of your authenticator program, or a recovery code",
	"Der Code Ihrer Authenticator-App oder ein Wiederherstellungscode",
	"El código de su aplicación de autenticación, o un código de recuperación",
	"Le code de votre application d’authentification, ou un code de secours",
	"Код из приложения-аутентификатора или код восстановления", "身份验证器应用中的代码，或恢复代码",
	"認証アプリのコード、またはリカバリーコード", "رمز تطبيق المصادقة أو رمز استرداد"},
    {"Go on", "Weiter", "Continuar", "Continuer", "Продолжить", "继续", "続ける", "متابعة"},
    {"Begin again", "Von vorn beginnen", "Empezar de nuevo", "Recommencer", "Начать сначала", "重新开始", "最初からやり直す",
	"البدء من جديد"},
    /* Once more. */
    {"Is it you?", "Sind Sie es?", "¿Es usted?", "Est-ce bien vous ?", "Это вы?", "是您本人吗？", "ご本人ですか？", "هل هذا أنت؟"},
    {"Before this is changed, prove that it is you. Then do it again; for 15 minutes nobody asks.",
	"Beweisen Sie vor dieser Änderung, dass Sie es sind. Machen Sie sie dann noch einmal; 15 Minuten lang fragt niemand.",
	"Antes de cambiar esto, demuestre que es usted. Después hágalo otra vez; durante 15 minutos nadie pregunta.",
	"Avant ce changement, prouvez que c’est bien vous. Puis recommencez ; pendant 15 minutes, rien ne sera demandé.",
	"Прежде чем это изменить, подтвердите, что это вы. Затем повторите; 15 минут вопросов не будет.",
	"更改之前，请证明是您本人。然后再操作一次；15 分钟内不会再询问。",
	"変更の前に、ご本人であることを確認してください。その後もう一度操作してください。15分間は確認されません。",
	"قبل تغيير هذا أثبت أنك أنت. ثم أعد المحاولة؛ لن يُطلب ذلك لمدة 15 دقيقة."},
    {"Your password; or, with two-step sign-in, a code", "Ihr Passwort; bei Anmeldung in zwei Schritten ein Code",
	"Su contraseña; con inicio de sesión en dos pasos, un código",
	"Votre mot de passe ; avec la connexion en deux étapes, un code", "Ваш пароль, а при двухэтапном входе — код",
	"您的密码；若启用两步登录，则为代码", "パスワード。2段階ログインの場合はコード", "كلمة المرور، أو رمز عند الدخول بخطوتين"},
    {"Back to the account", "Zurück zum Konto", "Volver a la cuenta", "Retour au compte", "Назад к учётной записи", "返回账户",
	"アカウントに戻る", "العودة إلى الحساب"},
    /* What went wrong. */
    {"That did not work", "Das ging nicht", "No ha funcionado", "Cela n’a pas marché", "Не получилось", "未成功",
	"うまくいきませんでした", "لم ينجح ذلك"},
    {"That did not work. Nothing was changed.", "Das ging nicht. Nichts wurde geändert.",
	"No ha funcionado. No se ha cambiado nada.", "Cela n’a pas marché. Rien n’a été modifié.",
	"Не получилось. Ничего не изменено.", "未成功。未做任何更改。", "うまくいきませんでした。何も変更されていません。",
	"لم ينجح ذلك. لم يتغير شيء."},
    {"No passkey was used: it was cancelled, or took too long.",
	"Kein Passkey wurde verwendet: Es wurde abgebrochen oder dauerte zu lange.",
	"No se usó ninguna llave de acceso: se canceló o tardó demasiado.",
	"Aucune clé d’accès n’a été utilisée : c’était annulé, ou trop long.",
	"Ключ доступа не использован: отмена или слишком долго.", "未使用通行密钥：已取消，或超时。",
	"パスキーは使われませんでした。取り消されたか、時間切れです。", "لم يُستخدم مفتاح مرور: أُلغي أو استغرق وقتًا طويلًا."},
    {"That was not right. Look at what you typed and try again.",
	"Das stimmte nicht. Prüfen Sie, was Sie eingegeben haben, und versuchen Sie es noch einmal.",
	"No era correcto. Revise lo que ha escrito e inténtelo de nuevo.",
	"Ce n’était pas juste. Vérifiez ce que vous avez saisi et réessayez.",
	"Неверно. Проверьте, что вы ввели, и попробуйте ещё раз.", "不正确。请检查您的输入，然后重试。",
	"正しくありません。入力を確かめて、もう一度お試しください。", "غير صحيح. تحقق مما كتبته وحاول مرة أخرى."},
    {"Type the whole address: the name, an @ and the domain.",
	"Geben Sie die ganze Adresse ein: den Namen, ein @ und die Domain.",
	"Escriba la dirección completa: el nombre, una @ y el dominio.",
	"Saisissez l’adresse entière : le nom, un @ et le domaine.",
	"Введите адрес целиком: имя, знак @ и домен.", "请输入完整地址：名称、@ 和域名。",
	"アドレス全体を入力してください。名前、@、ドメインの順です。", "اكتب العنوان كاملًا: الاسم ثم @ ثم النطاق."},
    {"There were too many wrong attempts. Try again in some minutes.",
	"Es gab zu viele falsche Versuche. Versuchen Sie es in einigen Minuten noch einmal.",
	"Hubo demasiados intentos fallidos. Inténtelo de nuevo en unos minutos.",
	"Il y a eu trop d’essais erronés. Réessayez dans quelques minutes.",
	"Слишком много неверных попыток. Попробуйте через несколько минут.", "错误次数过多。请几分钟后重试。",
	"間違いが多すぎます。数分後にもう一度お試しください。", "كانت هناك محاولات خاطئة كثيرة. حاول بعد بضع دقائق."},
    {"This cannot be looked at right now. Nothing was changed; try again in a moment.",
	"Das ist im Moment nicht möglich. Nichts wurde geändert; versuchen Sie es gleich noch einmal.",
	"Ahora mismo no es posible. No se ha cambiado nada; inténtelo de nuevo en un momento.",
	"Ce n’est pas possible pour l’instant. Rien n’a été modifié ; réessayez dans un moment.",
	"Сейчас это невозможно. Ничего не изменено; попробуйте чуть позже.", "目前无法处理。未做任何更改；请稍后重试。",
	"今は処理できません。何も変更されていません。しばらくしてからお試しください。",
	"لا يمكن ذلك الآن. لم يتغير شيء؛ حاول بعد لحظات."},
    {"You are not signed in any more. Sign in again.", "Sie sind nicht mehr angemeldet. Melden Sie sich wieder an.",
	"Su sesión ha terminado. Inicie sesión de nuevo.", "Votre session est terminée. Connectez-vous de nouveau.",
	"Сеанс завершён. Войдите снова.", "您已退出登录。请重新登录。", "ログアウトされました。もう一度ログインしてください。",
	"انتهت جلستك. سجّل الدخول من جديد."},
    {"That took too long, or the page is an old one. Begin again.",
	"Das dauerte zu lange, oder die Seite ist eine alte. Beginnen Sie von vorn.",
	"Ha tardado demasiado, o la página es antigua. Empiece de nuevo.",
	"Cela a pris trop de temps, ou la page est ancienne. Recommencez.",
	"Прошло слишком много времени, или страница устарела. Начните сначала.", "耗时过长，或页面已过期。请重新开始。",
	"時間がかかりすぎたか、古いページです。最初からやり直してください。", "استغرق ذلك وقتًا طويلًا أو أن الصفحة قديمة. ابدأ من جديد."},
    {"Prove once more that it is you.", "Beweisen Sie noch einmal, dass Sie es sind.", "Demuestre otra vez que es usted.",
	"Prouvez encore une fois que c’est bien vous.", "Подтвердите ещё раз, что это вы.", "请再次证明是您本人。",
	"ご本人であることをもう一度確認してください。", "أثبت مرة أخرى أنك أنت."},
    {"This request came from a page of another site.", "Diese Anfrage kam von der Seite einer anderen Website.",
	"Esta petición vino de la página de otro sitio.", "Cette demande venait de la page d’un autre site.",
	"Этот запрос пришёл со страницы другого сайта.", "此请求来自其他网站的页面。",
	"この要求は別のサイトのページから来ました。", "جاء هذا الطلب من صفحة موقع آخر."},
};
/* clang-format on */

enum web_language web_language_of(struct web_exchange *e)
{
	struct view chosen;
	size_t found = WEB_LANGUAGES;
	if (http_cookie_get(http_exchange_field(e->x, "cookie"), "language", &chosen))
		found = http_language_choose(chosen, tags, WEB_LANGUAGES);
	if (found == WEB_LANGUAGES)
		found =
		    http_language_choose(http_exchange_field(e->x, "accept-language"), tags, WEB_LANGUAGES);
	return found < WEB_LANGUAGES ? (enum web_language)found : WEB_ENGLISH;
}

const char *web_language_tag(enum web_language language)
{
	return tags[language];
}

bool web_language_is_rtl(enum web_language language)
{
	return language == WEB_ARABIC;
}

const char *web_language_stop(enum web_language language)
{
	return language == WEB_CHINESE || language == WEB_JAPANESE ? "。" : ".";
}

/* NULL: there is none. */
static const char *find(
    const char *const (*table)[WEB_LANGUAGES], size_t count, enum web_language language, struct view english)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal(view_from_string(table[i][WEB_ENGLISH]), english))
			return table[i][language];
	return NULL;
}

static const char *find_anywhere(enum web_language language, struct view english)
{
	const char *found = find(texts, sizeof texts / sizeof texts[0], language, english);
	if (found == NULL)
		found = find(web_texts_account, web_texts_account_count, language, english);
	if (found == NULL)
		found = find(web_texts_setup, web_texts_setup_count, language, english);
	if (found == NULL)
		found = find(web_texts_file, web_texts_file_count, language, english);
	return found;
}

const char *web_text(enum web_language language, const char *english)
{
	const char *found = find_anywhere(language, view_from_string(english));
	return found ? found : english;
}

struct view web_text_of(enum web_language language, struct view english)
{
	const char *found = find_anywhere(language, english);
	return found ? view_from_string(found) : english;
}
