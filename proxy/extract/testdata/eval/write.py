"""Writes documents with the programs and libraries that people use.

  write.py FOLDER

reads documents.json in FOLDER: a list of {id, lines, header, rows, number};
writes for each what Python's own libraries, python-docx, openpyxl, XlsxWriter
and ReportLab make of it. A library that is not installed writes nothing.
Prints nothing; the names are "ID-writer.ext".
"""
import csv
import io
import json
import os
import sys
import zipfile
from email.message import EmailMessage

folder = sys.argv[1]
documents = json.load(open(os.path.join(folder, "documents.json"), encoding="utf-8"))


def path(document, writer, ext):
    return os.path.join(folder, "%s-%s.%s" % (document["id"], writer, ext))


def mail(document):
    m = EmailMessage()
    m["From"], m["To"], m["Subject"] = "anna@forening.example", "bo@region.example", "Videresendt"
    m.set_content("\n".join(document["lines"]))
    m.add_alternative("<p>" + "</p><p>".join(document["lines"]) + "</p>", subtype="html")
    table = io.StringIO()
    csv.writer(table, delimiter=";").writerows([document["header"]] + document["rows"])
    m.add_attachment(table.getvalue().encode("utf-8-sig"), maintype="text", subtype="csv", filename="liste.csv")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "bo@region.example", "ole@region.example", "VS: liste"
    outer.set_content("Se vedlagte.")
    outer.add_attachment(m)
    open(path(document, "email", "eml"), "wb").write(bytes(outer))
    with zipfile.ZipFile(path(document, "zipfile", "zip"), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("mail.eml", bytes(m))
        z.writestr("lister/liste.csv", table.getvalue().encode("cp1252", "replace"))


def word(document):
    import docx

    d = docx.Document()
    for line in document["lines"]:
        d.add_paragraph(line)
    t = d.add_table(rows=1, cols=len(document["header"]))
    for cell, text in zip(t.rows[0].cells, document["header"]):
        cell.text = text
    for row in document["rows"]:
        for cell, text in zip(t.add_row().cells, row):
            cell.text = text
    d.save(path(document, "pythondocx", "docx"))


def openpyxl_book(document):
    import openpyxl

    b = openpyxl.Workbook()
    s = b.active
    s.title = "Medlemmer"
    s.append(document["header"])
    for row in document["rows"]:
        s.append(row)
    notes = b.create_sheet("Noter")
    for line in document["lines"]:
        notes.append([line])
    b.save(path(document, "openpyxl", "xlsx"))


def xlsxwriter_book(document):
    import xlsxwriter

    b = xlsxwriter.Workbook(path(document, "xlsxwriter", "xlsx"))
    s = b.add_worksheet("Liste")
    hidden = b.add_worksheet("Skjult")
    for y, row in enumerate([document["header"]] + document["rows"]):
        for x, text in enumerate(row):
            s.write_string(y, x, text)
    for y, line in enumerate(document["lines"]):
        hidden.write_string(y, 0, line)
    hidden.hide()
    b.close()


def report(document):
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    style = getSampleStyleSheet()["Normal"]
    if os.path.exists(font):
        pdfmetrics.registerFont(TTFont("DejaVu", font))
        style.fontName = "DejaVu"
    parts = [Paragraph(line, style) for line in document["lines"]]
    parts.append(Table([document["header"]] + document["rows"], style=[("FONT", (0, 0), (-1, -1), style.fontName)]))
    SimpleDocTemplate(path(document, "reportlab", "pdf"), pagesize=A4).build(parts)


for one in documents:
    for write in (mail, word, openpyxl_book, xlsxwriter_book, report):
        try:
            write(one)
        except ImportError:
            pass
