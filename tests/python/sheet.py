"""Workbooks by openpyxl: writes one as an ERP would, looks at one of ours, fills one in. Answers one JSON value."""

import datetime
import json
import sys

import openpyxl


def orders(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["采购订单号", "行号", "物料编码", "数量", "单价", "含税", "税率", "要求交期", "供应商编码"])
    day = datetime.datetime(2026, 12, 28)
    sheet.append([4500001, 10, "000123", 1000.5, 6.85, True, 0.13, day, "V100"])
    sheet.append([4500001, 10, "000123", 0.1 + 0.2, 6.85, True, 0.13, datetime.date(2027, 1, 11), "V100"])
    sheet["G2"].number_format = "0%"
    book.save(path)
    return {"rows": sheet.max_row - 1}


def plain(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.strftime("%Y-%m-%d")
    return value


def look(path):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    return {
        "sheets": book.sheetnames,
        "protected": sheet.protection.sheet,
        "hidden": sorted(name for name, column in sheet.column_dimensions.items() if column.hidden),
        "choices": [choice.formula1 for choice in sheet.data_validations.dataValidation],
        "formulas": sum(cell.data_type == "f" for cell in cells),
        "rows": [[plain(cell.value) for cell in row] for row in sheet.iter_rows()],
    }


def fill(path, heading, value):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if cell.value == heading)
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row=row, column=column, value=value)
    book.save(path)
    return {"rows": sheet.max_row - 1}


print(json.dumps({"orders": orders, "look": look, "fill": fill}[sys.argv[1]](*sys.argv[2:]), ensure_ascii=False))
