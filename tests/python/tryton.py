"""Acts in a running Tryton as its people would: sets up a firm that buys, confirms purchases, looks at their lines.

Usage: tryton.py URL fill PASSWORD            a company, a user for the connector, suppliers V10027 and V20000, a product
       tryton.py URL buy SUPPLIER QUANTITY…   a confirmed purchase with a line for each; prints {"number", "lines"}
       tryton.py URL look LINE…               prints [{"day", "note"}] of these lines
URL is http://user:password@host:port/database/
"""

import datetime
import json
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

SUPPLIERS = {"V10027": "顺模塑料制品(示例)厂", "V20000": "南汀喷涂(示例)厂"}


def fill(password):
    currency = Model.get("currency.currency")(name="Renminbi", code="CNY", symbol="¥", rounding=Decimal("0.01"))
    currency.save()
    party = Model.get("party.party")(name="澄屿家居用品(示例)有限公司")
    party.save()
    company = Wizard("company.company.config")
    company.execute("company")
    company.form.party, company.form.currency = party, currency
    company.execute("add")
    user, = Model.get("res.user").find([("login", "=", "admin")])
    user.companies.append(Model.get("company.company")(1))
    user.company = user.companies[0]
    user.save()
    machine = Model.get("res.user")(name="Tandem", login="tandem", password=password)
    machine.groups.extend(Model.get("res.group").find([("name", "in", ["Purchase", "Stock"])]))
    machine.companies.append(Model.get("company.company")(1))
    machine.company = machine.companies[0]
    machine.save()
    config.get_config()._context = Model.get("res.user").get_preferences(True, {})
    # Invoices need a chart of accounts, and have no part in this.
    buying = Model.get("purchase.configuration")(1)
    buying.purchase_invoice_method = "manual"
    buying.save()
    for code, name in SUPPLIERS.items():
        Model.get("party.party")(name=name, code=code).save()
    unit = Model.get("product.uom").find([("symbol", "=", "u")])[0]
    box = Model.get("product.template")(name="45L 收纳箱 箱体", default_uom=unit, type="goods", purchasable=True)
    box.list_price = Decimal("9")
    box.products[0].suffix_code = "CY-BX-0450"
    box.save()


def buy(supplier, *quantities):
    purchase = Model.get("purchase.purchase")()
    purchase.party = Model.get("party.party").find([("code", "=", supplier)])[0]
    purchase.purchase_date = datetime.date.today()
    purchase.delivery_date = datetime.date.today() + datetime.timedelta(days=30)
    product = Model.get("product.product").find([("code", "=", "CY-BX-0450")])[0]
    for quantity in quantities:
        line = purchase.lines.new()
        line.product, line.quantity, line.unit_price = product, float(quantity), Decimal("6.8500")
    purchase.save()
    purchase.click("quote")
    purchase.click("confirm")
    return {"number": purchase.number, "lines": [line.id for line in purchase.lines]}


def look(*lines):
    found = [Model.get("purchase.line")(int(line)) for line in lines]
    return [{"day": line.delivery_date and line.delivery_date.isoformat(), "note": line.note} for line in found]


def main(url, what, *rest):
    config.set_xmlrpc(url)
    print(json.dumps({"fill": fill, "buy": buy, "look": look}[what](*rest), ensure_ascii=False))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
