// The vCenter simulator of govmomi with alarms: a test sets triggeredAlarmState through a control port.
//
// The simulator (Debian's golang-github-vmware-govmomi-dev) gives sessions, inventory, property collector and event
// collector. It has no alarm methods: GetAlarm and AcknowledgeAlarm below are ours, after the reference of vim25.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type alarm struct {
	VM             string    `json:"vm"`
	Alarm          string    `json:"alarm"`
	Status         string    `json:"status"`
	Time           time.Time `json:"time"`
	AcknowledgedBy string    `json:"acknowledged_by"`
	AcknowledgedAt time.Time `json:"acknowledged_at"`
}

// Definitions: reference and name.
var definitions = [][2]string{{"alarm-6", "Virtual machine CPU usage"}, {"alarm-7", "Virtual machine memory usage"}}

type town struct {
	mutex         sync.Mutex
	file          string
	alarms        []alarm
	killed, known map[string]bool
	machines      map[string]*simulator.VirtualMachine    // by name
	told          map[types.ManagedObjectReference]bool   // whose triggeredAlarmState is set
	status        int
	methods       map[string]int
}

// alarmManager: ours, the simulator has none.
type alarmManager struct {
	mo.AlarmManager
	town *town
}

func (m *alarmManager) GetAlarm(req *types.GetAlarm) soap.HasFault {
	body := &methods.GetAlarmBody{Res: new(types.GetAlarmResponse)}
	for _, each := range definitions {
		body.Res.Returnval = append(body.Res.Returnval, types.ManagedObjectReference{Type: "Alarm", Value: each[0]})
	}
	return body
}

func (m *alarmManager) AcknowledgeAlarm(ctx *simulator.Context, req *types.AcknowledgeAlarm) soap.HasFault {
	m.town.mutex.Lock()
	defer m.town.mutex.Unlock()
	for i := range m.town.alarms {
		each := &m.town.alarms[i]
		if each.Alarm == req.Alarm.Value && m.town.machine(each.VM).Self == req.Entity {
			each.AcknowledgedBy, each.AcknowledgedAt = ctx.Session.UserName, time.Now().UTC()
		}
	}
	m.town.publish()
	return &methods.AcknowledgeAlarmBody{Res: new(types.AcknowledgeAlarmResponse)}
}

func (t *town) machine(name string) *simulator.VirtualMachine {
	vm := t.machines[name]
	if vm == nil {
		log.Fatalf("no virtual machine %s", name)
	}
	return vm
}

// publish writes triggeredAlarmState of the root folder and of each machine that has or had one, and the state file.
func (t *town) publish() {
	states := map[types.ManagedObjectReference][]types.AlarmState{}
	root := simulator.Map.Get(simulator.Map.Any("Folder").Reference())
	for _, each := range simulator.Map.All("Folder") {
		if each.Entity().Parent == nil {
			root = each
		}
	}
	for each := range t.told {
		states[each] = []types.AlarmState{}
	}
	all := []types.AlarmState{}
	for _, each := range t.alarms {
		vm := t.machine(each.VM)
		state := types.AlarmState{
			Key: each.Alarm + "." + vm.Self.Value, Entity: vm.Self,
			Alarm:         types.ManagedObjectReference{Type: "Alarm", Value: each.Alarm},
			OverallStatus: types.ManagedEntityStatus(each.Status), Time: each.Time,
			Acknowledged: types.NewBool(each.AcknowledgedBy != ""),
		}
		if each.AcknowledgedBy != "" {
			at := each.AcknowledgedAt
			state.AcknowledgedByUser, state.AcknowledgedTime = each.AcknowledgedBy, &at
		}
		states[vm.Self] = append(states[vm.Self], state)
		all = append(all, state)
		t.told[vm.Self] = true
	}
	states[root.Reference()] = all
	for ref, list := range states {
		object := simulator.Map.Get(ref)
		change := []types.PropertyChange{{Name: "triggeredAlarmState", Val: list}}
		simulator.Map.WithLock(object, func() { simulator.Map.Update(object, change) })
	}
	text, _ := json.Marshal(t.alarms)
	if err := os.WriteFile(t.file, text, 0600); err != nil {
		log.Fatal(err)
	}
}

// tell posts the event that vCenter writes with each change of an alarm.
func (t *town) tell(name, alarmID, from, to string) {
	vm := t.machine(name)
	event := &types.AlarmStatusChangedEvent{From: from, To: to}
	event.Vm = &types.VmEventArgument{Vm: vm.Self, EntityEventArgument: types.EntityEventArgument{Name: name}}
	event.Alarm = types.AlarmEventArgument{Alarm: types.ManagedObjectReference{Type: "Alarm", Value: alarmID}}
	event.Source = types.ManagedEntityEventArgument{Entity: vm.Self, EntityEventArgument: types.EntityEventArgument{Name: name}}
	manager := simulator.Map.EventManager()
	ctx := &simulator.Context{Map: simulator.Map, Session: &simulator.Session{UserSession: types.UserSession{UserName: "vpxd"}}}
	simulator.Map.WithLock(manager, func() { manager.PostEvent(ctx, &types.PostEvent{EventToPost: event}) })
}

// set: an alarm as given, gone when it is green. Quiet changes are not told as events.
func (t *town) set(given alarm, quiet bool) {
	t.mutex.Lock()
	from := "green"
	kept := []alarm{}
	for _, each := range t.alarms {
		if each.VM == given.VM && each.Alarm == given.Alarm {
			from = each.Status
			if given.AcknowledgedBy == "" { // stays until it is green
				given.AcknowledgedBy, given.AcknowledgedAt = each.AcknowledgedBy, each.AcknowledgedAt
			}
		} else {
			kept = append(kept, each)
		}
	}
	if given.Status != "green" {
		kept = append(kept, given)
	}
	t.alarms = kept
	t.publish()
	t.mutex.Unlock()
	if !quiet {
		t.tell(given.VM, given.Alarm, from, given.Status)
	}
}

func (t *town) control(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/alarm":
		given := alarm{Alarm: "alarm-6", Status: "red", Time: time.Now().UTC()}
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		t.set(given, r.URL.Query().Get("quiet") != "")
	case "/kill":
		t.mutex.Lock()
		for each := range t.known {
			t.killed[each] = true
		}
		t.mutex.Unlock()
	case "/status": // of every answer from now on; 0: as it should be
		t.mutex.Lock()
		fmt.Sscan(r.URL.Query().Get("code"), &t.status)
		t.mutex.Unlock()
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]interface{}{"alarms": t.alarms, "sessions": len(t.known), "killed": len(t.killed)})
}

// front: what stands before vCenter.
func (t *town) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.mutex.Lock()
		status := t.status
		if cookie, err := r.Cookie(soap.SessionCookieName); err == nil {
			t.known[cookie.Value] = true
			if t.killed[cookie.Value] {
				r.Header.Del("Cookie")
			}
		}
		t.mutex.Unlock()
		if status != 0 {
			http.Error(w, "no healthy upstream", status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func main() {
	listen := flag.String("listen", "", "address and port of vCenter")
	control := flag.String("control", "", "address and port of the control")
	cert := flag.String("cert", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	state := flag.String("state", "", "file of the alarms, over a restart")
	user := flag.String("user", "kaden@vsphere.local", "")
	password := flag.String("password", "", "")
	uuid := flag.String("uuid", "", "instanceUuid, if not the simulator's")
	machines := flag.Int("machines", 0, "how many virtual machines; 0: the simulator's usual few")
	flag.Parse()

	model := simulator.VPX()
	if *machines > 0 { // beside the usual few; half in the cluster, half on the host of its own
		model.Machine = *machines / (model.Cluster + model.Host)
	}
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	t := &town{file: *state, killed: map[string]bool{}, known: map[string]bool{}, machines: map[string]*simulator.VirtualMachine{},
		told: map[types.ManagedObjectReference]bool{}}
	for _, each := range simulator.Map.All("VirtualMachine") {
		vm := each.(*simulator.VirtualMachine)
		t.machines[vm.Name] = vm
		t.told[vm.Self] = true // an empty list is what vCenter gives, and not nothing
	}
	if text, err := os.ReadFile(*state); err == nil {
		_ = json.Unmarshal(text, &t.alarms)
	}
	content := simulator.Map.Get(types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}).(*simulator.ServiceInstance)
	if *uuid != "" {
		content.Content.About.InstanceUuid = *uuid
	}
	manager := &alarmManager{town: t}
	manager.Self = *content.Content.AlarmManager
	simulator.Map.Put(manager)
	for _, each := range definitions {
		definition := &mo.Alarm{ExtensibleManagedObject: mo.ExtensibleManagedObject{Self: types.ManagedObjectReference{Type: "Alarm", Value: each[0]}}}
		definition.Info.Name, definition.Info.SystemName = each[1], "alarm.VmUsage"
		definition.Info.Description, definition.Info.Enabled = "Default alarm", true
		definition.Info.Key, definition.Info.Alarm, definition.Info.LastModifiedTime = each[0], definition.Self, time.Now().UTC()
		definition.Info.Entity = content.Content.RootFolder
		definition.Info.Expression = &types.OrAlarmExpression{Expression: []types.BaseAlarmExpression{&types.StateAlarmExpression{
			Operator: types.StateAlarmOperatorIsEqual, Type: "VirtualMachine", StatePath: "runtime.powerState", Red: "poweredOff"}}}
		definition.Info.Action = &types.GroupAlarmAction{Action: []types.BaseAlarmAction{&types.AlarmTriggeringAction{
			Action: &types.SendSNMPAction{}, Yellow2red: true}}}
		simulator.Map.Put(definition)
	}
	t.publish()
	t.told = map[types.ManagedObjectReference]bool{}

	service := model.Service
	service.Listen = &url.URL{Scheme: "https", Host: *listen, User: url.UserPassword(*user, *password)}
	service.RegisterSDK(simulator.Map)
	service.ServeMux.HandleFunc("/sdk/vimServiceVersions.xml", service.ServiceVersions)
	controlled, err := net.Listen("tcp", *control)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(controlled, http.HandlerFunc(t.control))) }()
	server := &http.Server{Addr: *listen, Handler: t.front(service.ServeMux)}
	log.Fatal(server.ListenAndServeTLS(*cert, *key))
}
