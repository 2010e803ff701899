/* The texts of the page that says how a mail program is set up: for web_texts.c. */
#include "role/web/web_texts.h"

/* clang-format off */
const char *const web_texts_setup[][WEB_LANGUAGES] = {
    {"Set up a mail program", "Ein Mailprogramm einrichten", "Configurar un programa de correo",
	"Configurer un logiciel de messagerie", "Настройка почтовой программы", "设置邮件程序", "メールソフトの設定", "إعداد برنامج بريد"},
    {"Most programs find the rest by themselves once you have typed your address and your password. With two-step sign-in they need an "
     "app password.",
	"Die meisten Programme finden alles Übrige selbst, sobald Sie Ihre Adresse und Ihr Passwort eingegeben haben. Bei Anmeldung in "
	"zwei Schritten brauchen sie ein App-Passwort.",
	"La mayoría de los programas encuentran el resto por sí mismos cuando ha escrito su dirección y su contraseña. Con inicio de "
	"sesión en dos pasos necesitan una contraseña de aplicación.",
	"La plupart des logiciels trouvent le reste d’eux-mêmes dès que vous avez saisi votre adresse et votre mot de passe. Avec la "
	"connexion en deux étapes, il leur faut un mot de passe d’application.",
	"Большинство программ находят остальное сами, когда вы ввели адрес и пароль. При двухэтапном входе им нужен пароль приложения.",
	"大多数程序在您输入地址和密码后会自行找到其余设置。若启用两步登录，则需要应用密码。",
	"多くのソフトは、アドレスとパスワードを入力すれば残りを自分で見つけます。2段階ログインの場合はアプリパスワードが必要です。",
	"تعثر معظم البرامج على الباقي بنفسها بعد أن تكتب عنوانك وكلمة مرورك. ومع الدخول بخطوتين تحتاج إلى كلمة مرور تطبيق."},
    {"If a program asks, these are the settings:", "Falls ein Programm fragt, sind dies die Einstellungen:",
	"Si un programa los pide, estos son los ajustes:", "Si un logiciel les demande, voici les réglages :",
	"Если программа спросит, вот настройки:", "如果程序询问，请使用以下设置：", "ソフトに聞かれたら、設定は次のとおりです。",
	"إذا سألك البرنامج، فهذه هي الإعدادات:"},
    {"Incoming mail, IMAP", "Eingehende Mail, IMAP", "Correo entrante, IMAP", "Courrier entrant, IMAP", "Входящая почта, IMAP",
	"接收邮件，IMAP", "受信メール（IMAP）", "البريد الوارد، IMAP"},
    {"Incoming mail, POP3", "Eingehende Mail, POP3", "Correo entrante, POP3", "Courrier entrant, POP3", "Входящая почта, POP3",
	"接收邮件，POP3", "受信メール（POP3）", "البريد الوارد، POP3"},
    {"Outgoing mail, SMTP", "Ausgehende Mail, SMTP", "Correo saliente, SMTP", "Courrier sortant, SMTP", "Исходящая почта, SMTP",
	"发送邮件，SMTP", "送信メール（SMTP）", "البريد الصادر، SMTP"},
    {", ", ", ", ", ", ", ", ", ", "，", "、", "، "},
    {"port", "Port", "puerto", "port", "порт", "端口", "ポート", "المنفذ"},
    {"Programs that speak JMAP", "Programme, die JMAP sprechen", "Programas que hablan JMAP", "Logiciels qui parlent JMAP",
	"Программы, работающие по JMAP", "使用 JMAP 的程序", "JMAPを使うソフト", "البرامج التي تستخدم JMAP"},
    {"User name", "Benutzername", "Nombre de usuario", "Nom d’utilisateur", "Имя пользователя", "用户名", "ユーザー名", "اسم المستخدم"},
    {"your whole address", "Ihre vollständige Adresse", "su dirección completa", "votre adresse complète", "ваш адрес целиком",
	"您的完整地址", "アドレス全体", "عنوانك كاملًا"},
    {"Scan this with the device’s camera, or open the profile there. The device then asks for your password. It may say that the "
     "profile is not verified or not signed: it holds no more than the settings above.",
	"Scannen Sie dies mit der Kamera des Geräts, oder öffnen Sie dort das Profil. Das Gerät fragt dann nach Ihrem Passwort. "
	"Vielleicht sagt es, das Profil sei nicht überprüft oder nicht signiert: Darin steht nicht mehr als die Einstellungen oben.",
	"Escanee esto con la cámara del dispositivo, o abra allí el perfil. El dispositivo pide entonces su contraseña. Puede decir que "
	"el perfil no está verificado o firmado: no contiene más que los ajustes de arriba.",
	"Scannez ceci avec l’appareil photo de l’appareil, ou ouvrez-y le profil. L’appareil demande alors votre mot de passe. Il dira "
	"peut-être que le profil n’est pas vérifié ou pas signé : il ne contient que les réglages ci-dessus.",
	"Отсканируйте это камерой устройства или откройте на нём профиль. Затем устройство спросит пароль. Оно может сказать, что "
	"профиль не проверен или не подписан: в нём только настройки, указанные выше.",
	"用设备的相机扫描此码，或在设备上打开描述文件。随后设备会要求输入密码。它可能提示描述文件未验证或未签名：其中只有上面的设置。",
	"端末のカメラで読み取るか、その端末でプロファイルを開きます。そのあとパスワードを聞かれます。プロファイルが未検証または未署名と表示されることが"
	"ありますが、上の設定だけが入っています。",
	"امسح هذا بكاميرا الجهاز، أو افتح ملف التعريف عليه. سيطلب الجهاز عندئذ كلمة مرورك. وقد يقول إن ملف التعريف غير متحقق منه أو غير موقّع: "
	"فليس فيه سوى الإعدادات أعلاه."},
    {"Open the profile", "Profil öffnen", "Abrir el perfil", "Ouvrir le profil", "Открыть профиль", "打开描述文件", "プロファイルを開く",
	"فتح ملف التعريف"},
    {"Scan this with Thunderbird, which offers to import settings from a QR code. It then asks for your password. Other programs need "
     "your address alone.",
	"Scannen Sie dies mit Thunderbird: Es bietet an, Einstellungen aus einem QR-Code zu importieren. Dann fragt es nach Ihrem "
	"Passwort. Anderen Programmen genügt Ihre Adresse.",
	"Escanee esto con Thunderbird, que ofrece importar ajustes de un código QR. Después pide su contraseña. A otros programas les "
	"basta su dirección.",
	"Scannez ceci avec Thunderbird, qui propose d’importer des réglages depuis un code QR. Il demande ensuite votre mot de passe. Aux "
	"autres logiciels, votre adresse suffit.",
	"Отсканируйте это в Thunderbird: он предлагает импортировать настройки из QR-кода. Затем он спросит пароль. Другим программам "
	"достаточно вашего адреса.",
	"用 Thunderbird 扫描此码，它可从二维码导入设置。随后它会要求输入密码。其他程序只需您的地址。",
	"QRコードから設定を取り込めるThunderbirdで読み取ります。そのあとパスワードを聞かれます。ほかのソフトにはアドレスだけで足ります。",
	"امسح هذا ببرنامج Thunderbird الذي يعرض استيراد الإعدادات من رمز QR. ثم يطلب كلمة مرورك. أما البرامج الأخرى فيكفيها عنوانك."},
    {"QR code", "QR-Code", "Código QR", "Code QR", "QR-код", "二维码", "QRコード", "رمز QR"},
    {"Your address", "Ihre Adresse", "Su dirección", "Votre adresse", "Ваш адрес", "您的地址", "あなたのアドレス", "عنوانك"},
    {"Show the codes to scan", "Codes zum Scannen zeigen", "Mostrar los códigos", "Afficher les codes à scanner", "Показать коды",
	"显示要扫描的码", "読み取るコードを表示", "إظهار الرموز للمسح"},
    {"Your mail", "Ihre Mail", "Su correo", "Votre courrier", "Ваша почта", "您的邮箱", "メールへ", "بريدك"},
};
/* clang-format on */

const size_t web_texts_setup_count = sizeof web_texts_setup / sizeof web_texts_setup[0];
