from tests.unit.admin_ui.world import Reader
def test_x(world):
    r=Reader(world,"paula").enter()
    for p in ("/admin/","/admin/persons","/admin/persons?q=vir","/admin/persons?kind=guardian","/admin/persons?state=archived","/admin/persons.csv","/admin/organisations","/admin/organisations.csv","/admin/organisations/%s"%world.ids["KOIVU"],*(f"/admin/persons/{world.ids['anna']}?tab={t}" for t in("rights","facts","timeline","signin","log"))):
        x=r.get(p); print(p,x.status_code,len(x.text)); assert x.status_code==200, x.text
    print(r.get("/admin/persons.csv").text)
