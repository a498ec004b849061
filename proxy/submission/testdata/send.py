# Sends two mails with Python's smtplib: mode, host, port, CA file.
import smtplib
import ssl
import sys
from email.message import EmailMessage

mode, host, port, ca = sys.argv[1:5]
context = ssl.create_default_context(cafile=ca)
context.check_hostname = False
if mode == "implicit":
    server = smtplib.SMTP_SSL(host, int(port), context=context)
else:
    server = smtplib.SMTP(host, int(port))
    server.starttls(context=context)
server.login("anna", "s3cret")
mail = EmailMessage()
mail["From"] = "anna.holm@region.example"
mail["To"] = "bo@mail.example"
mail["Subject"] = "Mødet på fredag"
mail.set_content("Hej\n.en prik\n")
server.send_message(mail)
server.sendmail("anna.holm@region.example", ["bjørn@blåbær.example"], b"Subject: x\r\n\r\nhej\r\n",
                mail_options=["SMTPUTF8", "BODY=8BITMIME"], rcpt_options=["NOTIFY=FAILURE"])
server.quit()
